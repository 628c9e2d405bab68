/**
 * HTTP as the lattice has it. What `wasi:http` means to a guest is made in its worker, which asks for the flat form;
 * here is only what a failure becomes, and by which name links know it.
 */
import type { ImportMapping } from "./import-mapping.ts";

import { asLatticeError } from "../core/error.ts";
import { httpErrorOf } from "./http-errors.ts";
import { failed, functionsOf } from "./import-mapping.ts";

const OUTGOING = "wrpc:http/outgoing-handler@0.1.0";

export const HTTP_IMPORTS: Readonly<Record<string, ImportMapping>> = {
  [OUTGOING]: {
    links: ["wasi:http/outgoing-handler"],
    functions: functionsOf({
      async handle(args, { far }) {
        try {
          return await far(OUTGOING, "handle", args);
        } catch (cause) {
          // Nobody waits for a call that was given up.
          if (asLatticeError(cause).code === "aborted") throw cause;
          return failed(httpErrorOf(cause));
        }
      },
    }),
  },
};
