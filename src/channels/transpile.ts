/** The contract between the runtime and the worker that turns components into JavaScript and core modules. */

/** How the glue waits for imports: on the stack (`sync`, also for the atomics bridge), or suspended by JSPI. */
export type GlueMode = "sync" | "jspi";

export interface TranspileRequest {
  readonly bytes: Uint8Array;
  readonly mode: GlueMode;
  /** With JSPI: versionless names `namespace:package/interface#function` of what may suspend. */
  readonly asyncImports: readonly string[];
  /** With JSPI: the same for exports; functions of the root by their bare name. */
  readonly asyncExports: readonly string[];
  /** Imported interfaces that the glue is to take by their full names; it takes others by those without version. */
  readonly versioned: readonly string[];
}

export interface Transpiled {
  /** An ES module without imports that exports `instantiate`. */
  readonly glue: string;
  /** Core modules by the name under which the glue asks for them. */
  readonly cores: ReadonlyMap<string, Uint8Array>;
  /** Whether the glue may keep state for the guest, such as handles. */
  readonly keepsHandles: boolean;
}

export interface TranspileMethods {
  /** Throws `bad-image` for what is not a component. The bytes are gone from the caller's side afterwards. */
  transpile(request: TranspileRequest): Promise<Transpiled>;
}
