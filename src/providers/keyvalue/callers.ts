/** Who may do what: the links to the provider, by who calls and under which link name. */
import type { Call } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { EntityId } from "../../core/ids.ts";
import type { ProviderLink } from "../../core/provider.ts";
import type { CallerSettings } from "./settings.ts";

import { parseInterfaceName } from "../../core/wit.ts";
import { readCallerSettings } from "./settings.ts";

/** How long a call waits for a link: its host may have heard of one sooner than this one. */
const LINK_MS = 500;

export interface Callers {
  put(name: string, link: ProviderLink): void;
  remove(name: string): void;
  /** What the link of a call allows; `undefined` if it has none. */
  settingsFor(call: Call & { readonly source: EntityId }): Promise<CallerSettings | undefined>;
}

interface Caller {
  readonly link: ProviderLink["link"];
  readonly settings: CallerSettings;
}

export function createCallers(clock: Clock): Callers {
  const callers = new Map<string, Caller>();
  const wakes = new Set<() => void>();

  const find = ({ source, link: name, instance }: Call): CallerSettings | undefined => {
    const wanted = parseInterfaceName(instance)?.interface ?? "";
    const found = [...callers.values()].find(
      ({ link }) =>
        link.source === source && link.name === name && link.interfaces.includes(wanted),
    );
    return found?.settings;
  };
  return {
    put(name, { link, config }) {
      callers.set(name, { link, settings: readCallerSettings(config) });
      for (const wake of Array.from(wakes)) wake();
    },
    remove: (name) => void callers.delete(name),
    settingsFor(call) {
      const found = find(call);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => {
        const finish = (settings: CallerSettings | undefined): void => {
          cancel();
          wakes.delete(look);
          call.signal.removeEventListener("abort", giveUp);
          resolve(settings);
        };
        const look = (): void => {
          const settings = find(call);
          if (settings !== undefined) finish(settings);
        };
        const giveUp = (): void => finish(undefined);
        const cancel = clock.after(LINK_MS, giveUp);
        wakes.add(look);
        call.signal.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}
