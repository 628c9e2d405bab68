/**
 * A component worker whose WASI has nothing but `inlay:test/pipe`, and whose `inlay:test/pump` is shown to the lattice
 * as `inlay:test/pumped`: what the guest waits for is done by what stands behind its pipe.
 */
import type { AdaptedCall, Surround } from "../../../src/workers/adapter.ts";
import type { Later, RemoteStreams } from "../../../src/workers/remote-streams.ts";

import { serveComponent } from "../../../src/workers/serve.ts";
import { after } from "../../../src/workers/remote-streams.ts";

type Next = "again" | "enough" | "trap";
type Step = () => Later<Next>;

// The types here are those of a page.
serveComponent(self as never, () => createPump);

const createPump: Surround = (life, streams) => {
  let step: Step = () => "enough";
  return {
    imports: {
      "inlay:test/pipe": {
        step() {
          const next = step();
          // A rejection ends the call; the glue would hang on it.
          return next instanceof Promise ? life.guard(next) : next;
        },
      },
    },
    adapters: new Map([
      [
        "inlay:test/pumped",
        ({ run }, call) => {
          let results: readonly unknown[] | undefined;
          step = stepsOf(streams, call, (given) => (results = given));
          return after(run?.() as Later<undefined>, () => results);
        },
      ],
    ]),
  };
};

/** What each round of the guest does. */
function stepsOf(
  streams: RemoteStreams,
  { func, args, respond }: AdaptedCall,
  give: (results: readonly unknown[]) => void,
): Step {
  const source = (index: number) => streams.source(args[index] as never);
  const output = () => {
    const { handle, sink } = streams.sink();
    respond([handle]);
    return sink;
  };
  switch (func) {
    case "echo": {
      const [input, sink] = [source(0), output()];
      return () =>
        after(input.read(256 * 1024), (bytes) => {
          if (bytes !== undefined) return after(sink.write(bytes), () => "again" as const);
          sink.finish();
          return "enough";
        });
    }
    case "make": {
      let left = Number(args[0]);
      const [size, sink] = [Number(args[1]), output()];
      return () => {
        if (left === 0) {
          sink.finish();
          return "enough";
        }
        const bytes = new Uint8Array(Math.min(size, left)).fill(7);
        left -= bytes.length;
        return after(sink.write(bytes), () => "again" as const);
      };
    }
    case "count": {
      const input = source(0);
      let count = 0n;
      return () =>
        after(input.read(256 * 1024), (bytes) => {
          count += BigInt(bytes?.length ?? 0);
          if (bytes !== undefined) return "again";
          give([count]);
          return "enough";
        });
    }
    case "trap": {
      const sink = output();
      return () => after(sink.write(Uint8Array.of(1, 2, 3)), () => "trap" as const);
    }
    case "forget": {
      const sink = output();
      return () => after(sink.write(Uint8Array.of(1, 2, 3)), () => "enough" as const);
    }
    case "stall": {
      const sink = output();
      const never = streams.source(args[0] as never);
      return () =>
        after(sink.write(Uint8Array.of(1)), () => after(never.read(1), () => "again" as const));
    }
    case "spin": {
      const sink = output();
      return () =>
        after(sink.write(Uint8Array.of(1)), () => {
          for (;;);
        });
    }
    case "later": {
      const [given, own] = [streams.future(args[0] as never), streams.promise()];
      respond([own.handle]);
      return () =>
        after(given.get(), (value) => {
          own.promise.settle(`${String(value)}!`);
          return "enough" as const;
        });
    }
    case "first": {
      const sources = [source(0), source(1)];
      const until = performance.now() + Number(args[2]);
      return () =>
        after(streams.waitAny(sources, until), () => {
          give([sources.findIndex(({ ready }) => ready)]);
          for (const each of sources) each.cancel();
          return "enough" as const;
        });
    }
    case "far": {
      const { handle, sink } = streams.sink();
      const call = streams.call("inlay:test/swapped", "swap", [handle]);
      let written = false;
      return () => {
        if (!written) {
          written = true;
          return after(sink.write(Uint8Array.of(1, 2, 3)), () => {
            sink.finish();
            return "again" as const;
          });
        }
        return after(call.get(), (results) => {
          const [result] = results as readonly [{ readonly val: unknown }];
          const error = result.val;
          if (typeof error === "string") {
            give([new TextEncoder().encode(error)]);
            return "enough" as const;
          }
          const back = streams.source(error as never);
          return after(back.read(10), (bytes) => {
            give([bytes]);
            return "enough" as const;
          });
        });
      };
    }
    default:
      throw new Error(`no ${func}`);
  }
}
