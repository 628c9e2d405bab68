/**
 * `wasi:cli`: no terminal, and of an environment only what whoever started the component gave it. Arguments, input and output
 * are those of an operation of 0.82; elsewhere there are none, and what is printed goes to the host's log, line by line.
 */
import type { GuestLine } from "../../channels/component.ts";
import type { GuestImports } from "../instantiate.ts";
import type { Inlet } from "./io-input.ts";
import type { Outlet } from "./io-output.ts";
import type { Holder } from "./resource.ts";
import type { Stdio } from "./stdio.ts";

import { EXITED_WELL } from "../../core/runtime.ts";
import { createLineSplitter } from "../printed.ts";
import { IoError } from "./io-error.ts";
import { InputStream } from "./io-input.ts";
import { OutputStream } from "./io-output.ts";
import { Resource, trap } from "./resource.ts";

/** Nobody has a terminal. */
class TerminalInput extends Resource {}
class TerminalOutput extends Resource {}

export type Print = (stream: GuestLine["stream"], text: string) => void;

export function cli(
  holder: Holder,
  print: Print,
  stdio: Stdio,
  environment: ReadonlyMap<string, string>,
): GuestImports {
  const errorOf = (thrown: unknown): IoError => new IoError(holder, thrown);
  const printed = (stream: GuestLine["stream"]): (() => OutputStream) => {
    const lines = createLineSplitter((text) => print(stream, text));
    holder.life.atEnd(() => lines.flush());
    const outlet: Outlet = {
      ready: true,
      ends: [],
      write(bytes) {
        if (stream !== "stdout" || !stdio.write(bytes)) lines.write(bytes);
      },
      errorOf,
    };
    return () => new OutputStream(holder, outlet);
  };
  const inlet: Inlet = { ready: true, ends: [], read: (most) => stdio.read(most), errorOf };
  const exit = (well: boolean, how: string): never =>
    trap(holder, well ? EXITED_WELL : `it exited ${how}`);
  return {
    "wasi:cli/environment": {
      getEnvironment: () => [...environment],
      getArguments: () => [...stdio.arguments],
      initialCwd: () => "/",
    },
    "wasi:cli/exit": {
      exit: ({ tag }: { readonly tag: string }) => exit(tag === "ok", "with error"),
      exitWithCode: (code: number) => exit(code === 0, `with code ${code}`),
    },
    "wasi:cli/stdin": { getStdin: () => new InputStream(holder, inlet) },
    "wasi:cli/stdout": { getStdout: printed("stdout") },
    "wasi:cli/stderr": { getStderr: printed("stderr") },
    "wasi:cli/terminal-input": { TerminalInput },
    "wasi:cli/terminal-output": { TerminalOutput },
    "wasi:cli/terminal-stdin": { getTerminalStdin: () => undefined },
    "wasi:cli/terminal-stdout": { getTerminalStdout: () => undefined },
    "wasi:cli/terminal-stderr": { getTerminalStderr: () => undefined },
  };
}
