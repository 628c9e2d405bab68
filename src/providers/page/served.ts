/**
 * What the page itself serves, as a provider of the lattice: its calls cross to the page, whose functions answer them
 * (`../../typed`).
 *
 * A call keeps its place until its function has returned and its streams have ended, also where nobody waits for it any more: a
 * page that is stuck gets no more calls than it has places.
 */
import type { ServedMethods, ServeRequest, ServingMethods } from "../../channels/node.ts";
import type { Clock } from "../../core/clock.ts";
import type { ProviderRequest } from "../../core/command.ts";
import type { Health, Provider, ProviderKind } from "../../core/provider.ts";

import type { Limits } from "../../core/workload.ts";

import { openCallChannel } from "../../channels/callee.ts";
import { LatticeError } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { within } from "../../core/within.ts";
import { createLine } from "./line.ts";

/** What a host does with a provider that nothing but the page can start. */
export interface ServingHost {
  serve(request: ProviderRequest, kind: ProviderKind): Promise<{ stop(): Promise<void> }>;
}

/**
 * Serves what `request` tells of; resolves when the lattice can call it. The port ends with it.
 *
 * @throws {LatticeError} `bad-input`, `conflict`, and as a provider's start fails.
 */
export async function serveForPage(
  host: ServingHost,
  request: ServeRequest,
  { queueLimit, callDeadlineMs }: Pick<Limits, "queueLimit" | "callDeadlineMs">,
): Promise<void> {
  const { world, place, maxInstances, linkName, annotations, port } = request;
  const lifetime = new AbortController();
  let served: Promise<{ stop(): Promise<void> }> | undefined;
  const stopping: ServedMethods = {
    stop: async () => (await served)?.stop(),
  };
  const { begin, other: page } = openCallChannel<ServingMethods>(port, lifetime.signal, {
    methods: stopping,
  });
  const close = (): void => {
    lifetime.abort(new LatticeError("closed", `${request.id} is served no more`));
    port.close();
  };
  /** Closes when the page has heard of it: what is on its way through a port that closes may be lost. */
  const end = (clock: Clock): void => {
    const cancel = clock.after(GOODBYE_MS, close);
    page
      .stopped()
      .catch(() => undefined) // a page that is gone need not know
      .finally(() => {
        cancel();
        close();
      });
  };
  try {
    const id = entityId(request.id);
    const line = createLine({ id, places: maxInstances, waiting: queueLimit });
    const providerAt = (clock: Clock): Provider => ({
      world,
      handles: true,
      ...(place === undefined
        ? {}
        : {
            resources: { place, drop: (handle) => void page.drop(handle).catch(() => undefined) },
          }),
      load: line,
      async invoke(call) {
        const late = within(call.signal);
        const cancel = clock.after(callDeadlineMs, () => {
          const error = `the call did not end within ${callDeadlineMs} ms`;
          late.abort(new LatticeError("deadline", error));
        });
        const { signal } = late;
        try {
          const leave = await line.enter(signal);
          const { results, over } = begin({ ...call, signal });
          void over.then(leave).then(cancel); // never rejects
          return await results;
        } catch (cause) {
          cancel();
          throw cause;
        }
      },
      link: () => Promise.resolve(),
      unlink: () => Promise.resolve(),
      configure: () => Promise.resolve(),
      health: () => healthOf(page, clock),
      async [Symbol.asyncDispose]() {
        end(clock);
      },
    });
    served = host.serve(
      {
        id,
        image: imageOf(request.id),
        annotations: new Map(Object.entries(annotations)),
        configNames: [],
        ...(linkName === undefined ? {} : { linkName }),
      },
      { name: id, exclusive: false, start: async ({ clock }) => providerAt(clock) },
    );
    await served;
  } catch (cause) {
    close(); // the page hears of it by this failure
    throw cause;
  }
}

/** How inventories and events name it: no command can start it, since only its page has the functions. */
function imageOf(id: string): string {
  return `inlay:///page/${id}`;
}

/** How long a page has to hear that it serves no more. */
const GOODBYE_MS = 1000;

/** Less than what hosts wait for a provider's word, since silence is no news to them. */
const PING_MS = 1500;

async function healthOf(page: ServingMethods, clock: Clock): Promise<Health> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(PING_MS, () =>
      resolve({ healthy: false, message: `its page has not answered for ${PING_MS} ms` }),
    );
    page
      .ping()
      .then(() => resolve({ healthy: true }), reject)
      .finally(cancel);
  });
}
