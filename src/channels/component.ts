/** The contract between the runtime and a component worker: which methods each side answers. */
import type { WitValue } from "../core/wit.ts";
import type { SharedAnswer } from "./shared-answer.ts";

/** How this worker's guests wait. `sync`: nothing they import makes them wait. */
export type WaitMode = "sync" | "jspi" | "atomics";

/** `result`: a WIT `result` at the top, which crosses as `{ tag, val }` and is a return or a throw for the glue. */
export type Gives = "nothing" | "value" | "result";

/**
 * A stream of a call where its values cross between the realms; made by the side that has the bytes.
 * WIT names have no `$`, so that no record looks like it.
 */
export interface StreamHandle {
  readonly $stream: number;
}

/** The same for a future. */
export interface FutureHandle {
  readonly $future: number;
}

/** Functions of one interface by their component-level name. */
export type FunctionSetups = ReadonlyMap<string, Gives>;

/** A memory that a core module imports and the worker lends it. */
export interface LentMemory {
  readonly module: string;
  readonly field: string;
  readonly initialPages: number;
  readonly maximumPages: number;
}

export interface ComponentSetup {
  /** For messages. */
  readonly name: string;
  readonly glue: string;
  readonly cores: ReadonlyMap<string, WebAssembly.Module>;
  /** Core modules that borrow their memory, by the name in {@link cores}. */
  readonly borrowers: ReadonlyMap<string, LentMemory>;
  /** How often one instance of the component may instantiate each core module; once if it is absent. */
  readonly instantiations: ReadonlyMap<string, number>;
  readonly mode: WaitMode;
  /** What guests may call, by full name; `""` for functions of the root. */
  readonly exports: ReadonlyMap<string, FunctionSetups>;
  /** Imports that the host answers, by their full name. */
  readonly imports: ReadonlyMap<string, FunctionSetups>;
  /** WASI interfaces that the component imports, without version. */
  readonly wasi: readonly string[];
  /** True if nothing happens to an instance once its call has ended, so that it may serve another one. */
  readonly settles: boolean;
  /** Instances to keep ready. */
  readonly stock: number;
  /** Ceiling of what one host function allocates for a guest. */
  readonly maxBytes: number;
  /** For `atomics`: where answers to imports appear. */
  readonly answers?: SharedAnswer;
}

export interface GuestCall {
  readonly id: number;
  readonly instance: string;
  readonly func: string;
  readonly args: readonly WitValue[];
}

export interface GuestImport {
  /** The call during which the guest asks; -1 outside of any. */
  readonly callId: number;
  readonly instance: string;
  readonly func: string;
  readonly args: readonly WitValue[];
}

/** What the component worker answers. */
export interface ComponentMethods {
  /** Once, first. Resolves when an instance is ready. Throws `bad-image`. */
  prepare(setup: ComponentSetup): Promise<void>;
  /** Throws `guest-trapped`, or `aborted` after {@link cancel}. */
  call(call: GuestCall): Promise<readonly WitValue[]>;
  /** Discards the instance of a call that waits for an import. */
  cancel(callId: number): Promise<void>;
  ping(): Promise<void>;
}

/** {@link ComponentMethods} on the answering side, where results that are there at once need no promise. */
export type ComponentAnswers = Omit<ComponentMethods, "call"> & {
  call(call: GuestCall): Promise<readonly WitValue[]> | readonly WitValue[];
};

export interface GuestLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** Lines that were dropped before this one because there were too many. */
  readonly dropped: number;
}

/** What the runtime answers. */
export interface ComponentHostMethods {
  imported(request: GuestImport): Promise<readonly WitValue[]>;
  /** As {@link imported}, but the outcome goes to the worker's {@link SharedAnswer}. */
  importedShared(request: GuestImport): Promise<void>;
  /** Writes the next part of an answer that does not fit the shared buffer at once. */
  nextPart(): Promise<void>;
  printed(line: GuestLine): Promise<void>;
  /** Something in the worker failed on nobody's behalf. */
  complained(message: string): Promise<void>;
}
