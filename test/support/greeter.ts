/** A component whose one function greets, for `local-runtime.ts`. */
import type { LocalComponent } from "./local-runtime.ts";

const string = { kind: "string" } as const;

/** `demo:app/greeter`: `greet: func(name: string) -> string`. */
export const greeter = {
  world: {
    imports: new Map(),
    exports: new Map([
      [
        "demo:app/greeter",
        new Map([["greet", { params: [{ name: "name", type: string }], result: string }]]),
      ],
    ]),
  },
  functions: { "demo:app/greeter#greet": (name: unknown) => `Hello, ${String(name)}!` },
} satisfies LocalComponent;
