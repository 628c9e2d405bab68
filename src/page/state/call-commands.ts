/** The call of a form as commands: `npm run call` for all functions, `wash call` where that can. Pure. */
import type { FuncType } from "../../core/wit.ts";

import { commandOf, latticeWords } from "./wash.ts";

export interface CommandCall {
  readonly target: string;
  readonly instance: string;
  readonly func: string;
  /** Arguments in WAVE. */
  readonly args: readonly string[];
  readonly type: FuncType;
  readonly lattice: string;
  /** The server's address, if it is known. */
  readonly server: string | undefined;
}

/** `wit`: the name of the file that has the function's types, where the command needs one. */
export function npmCall(call: CommandCall): { readonly command: string; readonly wit?: string } {
  const { target, instance, func, args, type, lattice, server } = call;
  const file = `${/\/([\w-]+)/.exec(instance)?.[1] ?? "interface"}.wit`;
  const typed = !isSimple(type);
  const near =
    server === undefined || /^wss?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/|$)/.test(server);
  const command = commandOf([
    "npm",
    "run",
    "call",
    "--",
    target,
    `${instance}.${func}`,
    ...args,
    ...(typed ? ["--wit", file] : []),
    ...(near ? [] : ["--servers", server]),
    ...latticeWords(lattice),
  ]);
  return typed ? { command, wit: file } : { command };
}

/**
 * `wash call` passes no values and reads one string, of whatever function it is given; only `wasi:http/incoming-handler.handle`
 * it calls by a request that its own options describe (wasmCloud `crates/wash/src/cli/call.rs` at v1.9.2).
 */
export function washCall({
  target,
  instance,
  func,
  type,
  lattice,
}: Pick<CommandCall, "target" | "instance" | "func" | "type" | "lattice">):
  | { readonly command: string }
  | { readonly why: string } {
  const http = /^(?:wasi|wrpc):http\/incoming-handler(?:@|$)/.test(instance) && func === "handle";
  if (!http && !isSimple(type)) {
    return {
      why:
        type.params.length > 0
          ? "wash call passes no arguments, so it cannot call this function."
          : "wash call reads one string and nothing else, so it cannot call this function.",
    };
  }
  const operation = http ? "wasi:http/incoming-handler.handle" : `${instance}.${func}`;
  return { command: commandOf(["wash", "call", target, operation, ...latticeWords(lattice)]) };
}

const isSimple = ({ params, result }: FuncType): boolean =>
  params.length === 0 && result?.kind === "string";
