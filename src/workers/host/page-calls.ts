/** Calls that a page makes, with values or with text. */
import type { CallRequest, NodeMethods } from "../../channels/node.ts";
import type { Clock } from "../../core/clock.ts";
import type { FuncType, World } from "../../core/wit.ts";
import type { Host } from "../../host/host-parts.ts";

import { LatticeError } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { later } from "../../core/later.ts";

export interface PageCallParts {
  readonly clock: Clock;
  /** The node, or why there is none. */
  readonly joined: () => { readonly host: Host; readonly deadlineMs: number };
  readonly nextId: () => string;
}

export function createPageCalls({
  clock,
  joined,
  nextId,
}: PageCallParts): Pick<NodeMethods, "call" | "callText"> {
  const typing = later(clock, "calls of the page", async () => {
    const [{ parseWit }, { asWhole, flowingArgs }] = await Promise.all([
      import("../../wire/wit-text.ts"),
      import("../../wire/value-whole.ts"),
    ]);
    return { parseWit, asWhole, flowingArgs };
  });
  const texting = later(clock, "values as text", () => import("../../wire/wave-call.ts"));

  /** The types by which the target is called: those of the request, else those of what runs here. */
  const typesOf = async (
    { target, instance, func, wit }: Omit<CallRequest, "args">,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly world: World | undefined; readonly type: FuncType | undefined }> => {
    const { host } = joined();
    const { parseWit } = await typing(signal);
    const world =
      wit === undefined ? undefined : { imports: new Map(), exports: parseWit(wit).interfaces };
    const here =
      host.entries().find(({ spec }) => spec.id === target)?.workload?.component.world ??
      host.providers().find(({ request }) => request.id === target)?.provider?.world;
    return { world, type: (world ?? here)?.exports.get(instance)?.get(func) };
  };

  const call = async (request: CallRequest, signal?: AbortSignal): Promise<unknown> => {
    const { host, deadlineMs } = joined();
    const { instance, func, args, linkName = "default", via } = request;
    const target = entityId(request.target);
    const { asWhole, flowingArgs } = await typing(signal);
    const { world, type } = await typesOf(request, signal);
    const callee = host.calleeFor(target, world, via);
    const ended = new AbortController();
    const cancel = clock.after(deadlineMs, () =>
      ended.abort(
        new LatticeError("deadline", `${func} of ${target} did not answer within ${deadlineMs} ms`),
      ),
    );
    signal?.addEventListener(
      "abort",
      () => ended.abort(new LatticeError("aborted", "the caller gave up")),
      { once: true, signal: ended.signal },
    );
    try {
      const [result] = await callee.invoke({
        id: nextId(),
        source: undefined,
        target,
        link: linkName,
        instance,
        func,
        args: type === undefined ? args : flowingArgs(type, args),
        trace: new Map(),
        signal: ended.signal,
      });
      // The page has no streams: their contents cross to it when they have ended.
      return type?.result === undefined ? result : await asWhole(type.result, result);
    } finally {
      cancel();
      ended.abort();
    }
  };

  return {
    call,
    async callText({ args, ...request }, signal) {
      const [{ type }, { callByText }] = await Promise.all([
        typesOf(request, signal),
        texting(signal),
      ]);
      return callByText(request, type, args, (values) =>
        call({ ...request, args: values }, signal),
      );
    },
  };
}
