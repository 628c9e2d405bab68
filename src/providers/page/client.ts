/** Calls of the page's typed clients: each has a channel of its own, through which streams flow both ways. */
import type { ClientMethods, ClientRequest } from "../../channels/node.ts";
import type { Callee } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { EntityId } from "../../core/ids.ts";
import type { World } from "../../core/wit.ts";

import { openCallChannel } from "../../channels/callee.ts";
import { LatticeError } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { within } from "../../core/within.ts";

export interface CallingHost {
  calleeFor(target: EntityId, world: World | undefined): Callee;
  drop(target: EntityId, instance: string, resource: string, handle: Uint8Array): void;
}

export interface ClientParts {
  readonly clock: Clock;
  /** Milliseconds that a call may take, its streams included. */
  readonly deadlineMs: number;
  /** Ends all. */
  readonly signal: AbortSignal;
  /** Names a call; unique in this node. */
  readonly nextId: () => string;
}

/** Takes the calls that come through the port of `request`, until it is closed. Throws `bad-input` for what is no id. */
export function answerClient(
  host: CallingHost,
  { target: wanted, world, port }: ClientRequest,
  parts: ClientParts,
): void {
  const target = entityId(wanted);
  const closed = within(parts.signal);
  const close = (reason: unknown): void => {
    closed.abort(reason);
    port.close();
  };
  const methods: ClientMethods = {
    async drop(instance, resource, handle) {
      host.drop(target, instance, resource, handle);
    },
    async close() {
      close(new LatticeError("closed", "the client was closed"));
    },
  };
  const callee: Callee = {
    async invoke(call) {
      const late = within(call.signal);
      const { clock, deadlineMs } = parts;
      const cancel = clock.after(deadlineMs, () => {
        const error = `${call.func} of ${target} did not end within ${deadlineMs} ms`;
        late.abort(new LatticeError("deadline", error));
      });
      let flowing: Promise<void> | undefined;
      try {
        const results = await host.calleeFor(target, world).invoke({
          ...call,
          id: parts.nextId(),
          source: undefined,
          target,
          signal: late.signal,
        });
        flowing = results.ended;
        flowing?.catch(() => undefined).finally(cancel); // heard by whoever has the results
        return results;
      } finally {
        if (flowing === undefined) cancel();
      }
    },
  };
  openCallChannel(port, closed.signal, { callee, methods });
}
