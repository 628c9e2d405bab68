/** Replies of the control interface as its Rust client reads them (wasmCloud `crates/control-interface/src/types/*` @ v1.9.2). */
import { anything, defaulting, flag, list, record, text } from "../../src/wire/shape.ts";

export const replyShape = record({ success: flag, message: text, response: anything });

export const linkShape = record({
  source_id: text,
  target: text,
  name: defaulting(text, "default"),
  wit_namespace: text,
  wit_package: text,
  interfaces: list(text),
  source_config: defaulting(list(text), []),
  target_config: defaulting(list(text), []),
});
export type ControlLink = ReturnType<typeof linkShape>;
