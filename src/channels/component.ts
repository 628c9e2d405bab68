/** The contract between the runtime and a component worker: which methods each side answers. */
import type { GuestTimes } from "../core/call-probe.ts";
import type { ErrorCode } from "../core/error.ts";
import type { FuncType, WitValue } from "../core/wit.ts";
import type { MountSetup } from "./files.ts";
import type { SharedAnswer } from "./shared-answer.ts";

/** How this worker's guests wait. `sync`: nothing they import makes them wait. */
export type WaitMode = "sync" | "jspi" | "atomics";

/** `result`: a WIT `result` at the top, which crosses as `{ tag, val }` and is a return or a throw for the glue. */
export type Gives = "nothing" | "value" | "result";

/**
 * A stream of a call where its values cross between the realms: its number within the call, positive if the bytes come
 * from the host, negative if they come from the worker. WIT names have no `$`, so that no record looks like it.
 */
export interface StreamHandle {
  readonly $stream: number;
}

/** A stream that the host reads and the worker writes, as {@link StreamHandle}, but made by the host. */
export interface SinkHandle {
  readonly $sink: number;
}

/** The same as {@link StreamHandle} for a future. */
export interface FutureHandle {
  readonly $future: number;
}

/** What code in the worker says of a call's streams and futures, each by its number. */
export type GuestSaid =
  | { readonly tag: "bytes"; readonly end: number; readonly bytes: Uint8Array }
  | { readonly tag: "finish"; readonly end: number }
  | { readonly tag: "value"; readonly end: number; readonly value: WitValue }
  /** A stream or a future comes to no good end. */
  | { readonly tag: "fail"; readonly end: number; readonly reason: string }
  /** What is still to come of a stream is not wanted. */
  | { readonly tag: "cancel"; readonly end: number }
  /** Begins an import, whose results become the value of a future. */
  | {
      readonly tag: "start";
      readonly end: number;
      readonly request: Omit<GuestImport, "callId">;
    }
  /** The guest has no use for a handle any more. */
  | { readonly tag: "drop"; readonly handle: Uint8Array }
  /** Nor for an open file. */
  | { readonly tag: "close"; readonly file: number }
  /** The results of the call, while the guest goes on. */
  | { readonly tag: "respond"; readonly results: readonly WitValue[] };

/** Waits for any of `ends`, which are numbers of streams and futures. */
export interface GuestWait {
  readonly callId: number;
  readonly ends: readonly number[];
  /** Absent: for ever. */
  readonly forMs?: number;
}

/** What a wait has brought; empty when its time has run out. */
export type GuestNews = readonly (readonly [end: number, news: EndNews])[];

export type EndNews =
  | { readonly tag: "bytes"; readonly bytes: Uint8Array }
  | { readonly tag: "finish" }
  /** There is room in a stream to the host, where pieces of the weight `unread` wait. */
  | { readonly tag: "room"; readonly unread: number }
  | { readonly tag: "value"; readonly value: WitValue }
  | { readonly tag: "fail"; readonly code: ErrorCode; readonly message: string };

/** Weight of the pieces of one stream that may wait in the host before the worker asks for leave to send more. */
export const STREAM_WINDOW: number = 256 * 1024;

/** What a piece of a stream weighs: its bytes, and what it costs to keep it. */
export function pieceWeight({ length }: Uint8Array): number {
  return length + 64;
}

export interface FunctionSetup {
  readonly gives: Gives;
  /** Given if there are handles among the values, which are bytes between the realms and objects for the glue. */
  readonly type?: FuncType;
  /** Why it cannot be called. */
  readonly refused?: string;
}

/** Functions of one interface by their component-level name. */
export type FunctionSetups = ReadonlyMap<string, FunctionSetup>;

export interface ImportedInterface {
  readonly functions: FunctionSetups;
  /** Names of the resources that are its own. */
  readonly resources: readonly string[];
}

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
  /** Exports that are served in another form: the guest's interface by the one that callers see, by full names. */
  readonly adapted: ReadonlyMap<string, string>;
  /** Imports that the host answers, by their full name. */
  readonly imports: ReadonlyMap<string, ImportedInterface>;
  /** WASI interfaces that the component imports, without version. */
  readonly wasi: readonly string[];
  /** True if nothing happens to an instance once its call has ended, so that it may serve another one. */
  readonly settles: boolean;
  /** Instances to keep ready. */
  readonly stock: number;
  /** What `wasi:cli/environment` gives. */
  readonly environment: ReadonlyMap<string, string>;
  /** What `wasi:filesystem/preopens` gives. */
  readonly mounts: readonly MountSetup[];
  /** Ceiling of what one host function allocates for a guest. */
  readonly maxBytes: number;
  /** For `atomics`: where answers to imports appear. */
  readonly answers?: SharedAnswer;
}

export interface GuestCall {
  readonly id: number;
  /**
   * The instance to call, by its number: made if it is not there, kept if the call ends well. Handles of the component's
   * own resources are numbers within such an instance.
   */
  readonly resident?: number;
  /** True if somebody wants to know how long its guest runs. */
  readonly timed?: boolean;
  readonly instance: string;
  readonly func: string;
  readonly args: readonly WitValue[];
}

/** What a worker has and does, companions included. */
export interface WorkerVitals {
  /** Those that wait for a call as well. */
  readonly instances: number;
  /** Linear memories of all of them, and those that are kept for the next ones. */
  readonly memoryBytes: number;
  /** Milliseconds that guests have computed, since it was asked first. */
  readonly ranMs: number;
}

export interface GuestImport {
  /** The call during which the guest asks; -1 outside of any. */
  readonly callId: number;
  readonly instance: string;
  readonly func: string;
  readonly args: readonly WitValue[];
}

/** What a call gives. */
export interface GuestAnswer {
  readonly results: readonly WitValue[];
  /** What companions have answered since the last report, if anything. */
  readonly report?: CompanionReport;
  /** Of a call that was to be timed. */
  readonly times?: GuestTimes;
}

/**
 * Calls that companions have answered well, {@link REPORT_ROW} numbers for each: that of the function, that of the call
 * within which it was, when it began (milliseconds since the epoch), and how long it took (milliseconds).
 */
export type CompanionReport = Float64Array;

export const REPORT_ROW = 4;

/** A function that a companion answers from now on. */
export interface Entrusted {
  readonly companion: number;
  /** Under this number it is told of. */
  readonly entry: number;
  readonly instance: string;
  readonly func: string;
}

/** A call that a companion has failed. */
export interface CompanionFailure {
  readonly entry: number;
  readonly callId: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What the component worker answers. */
export interface ComponentMethods {
  /** Once, first. Resolves when an instance is ready. Throws `bad-image`. */
  prepare(setup: ComponentSetup): Promise<void>;
  /** Throws `guest-trapped`, or `aborted` after {@link cancel}. */
  call(call: GuestCall): Promise<GuestAnswer>;
  /** Discards the instance of a call that waits for an import. */
  cancel(callId: number): Promise<void>;
  /** Drops a resource of an instance that was kept, or ends that. Throws `guest-trapped`; then the instance has ended. */
  drop(resident: number, slot?: number): Promise<void>;
  ping(): Promise<void>;
  /** Times all calls from now on, for ten seconds at least. */
  vitals(): Promise<WorkerVitals>;
  /**
   * Makes a second component ready in this worker, whose calls may take `deadlineMs`. Only where guests wait by JSPI, and
   * its own do not wait.
   */
  accompany(companion: number, setup: ComponentSetup, deadlineMs: number): Promise<void>;
  entrust(entrusted: Entrusted): Promise<void>;
  /** Gives what was not told yet. */
  dismiss(companion: number): Promise<CompanionReport | undefined>;
}

/** {@link ComponentMethods} on the answering side, where results that are there at once need no promise. */
export type ComponentAnswers = Omit<ComponentMethods, "call"> & {
  call(call: GuestCall): Promise<GuestAnswer> | GuestAnswer;
};

export interface GuestLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** Lines that were dropped before this one because there were too many. */
  readonly dropped: number;
  /** The companion whose line it is; absent for the component itself. */
  readonly companion?: number;
}

/** What the runtime answers. */
export interface ComponentHostMethods {
  imported(request: GuestImport): Promise<readonly WitValue[]>;
  /** As {@link imported}, but the outcome goes to the worker's {@link SharedAnswer}. */
  importedShared(request: GuestImport): Promise<void>;
  /** Also resolves for what comes too late. Throws `denied` for what no worker of ours says. */
  said(callId: number, said: GuestSaid): Promise<void>;
  awaited(wait: GuestWait): Promise<GuestNews>;
  /** As {@link awaited}, but the news go to the worker's {@link SharedAnswer}. */
  awaitedShared(wait: GuestWait): Promise<void>;
  /** Writes the next part of an answer that does not fit the shared buffer at once. */
  nextPart(): Promise<void>;
  printed(line: GuestLine): Promise<void>;
  /** What companions have answered, while the calls within which it was go on. Throws `denied` for what is none. */
  accompanied(report: CompanionReport): Promise<void>;
  /** Gives the guest what it gets for a call that its companion failed, as {@link imported} does. */
  forsaken(failure: CompanionFailure): Promise<readonly WitValue[]>;
  /** Something in the worker failed on nobody's behalf. */
  complained(message: string): Promise<void>;
}
