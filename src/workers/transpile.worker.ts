/**
 * Turns components into JavaScript glue and core modules with jco. Loaded only when a component is not in the cache,
 * and ended by the runtime soon after: the transpiler's memory never shrinks.
 */
import type { TranspileMethods, TranspileRequest, Transpiled } from "../channels/transpile.ts";

// oxlint-disable-next-line import/no-unassigned-import -- it changes how the next one fetches
import "./transpiler-files.ts";
import { generate } from "@bytecodealliance/jco/component";
import { bigBuffers, transferring } from "../channels/port.ts";
import { answer } from "../channels/rpc.ts";
import { portOfWorker } from "../channels/spawn.ts";
import { LatticeError, messageOf } from "../core/error.ts";
import { revealState } from "../wire/core-state.ts";
import { surveyComponent } from "../wire/component-survey.ts";
import { awaitableExports } from "./awaitable-exports.ts";
import { withBoundedHandles } from "./bounded-handles.ts";
import { withoutReservedNames } from "./reserved-names.ts";

const NAME = "component";

const methods: TranspileMethods = { transpile };
void portOfWorker(self).then((port) => answer(port, methods, new AbortController().signal));

async function transpile(request: TranspileRequest): Promise<Transpiled> {
  const { keepsHandles } = surveyComponent(request.bytes); // also refuses names that would become code
  const files = await generated(request);
  const cores = new Map<string, Uint8Array>();
  let glue: string | undefined;
  for (const [name, bytes] of files) {
    if (name.endsWith(".wasm")) cores.set(name, revealState(bytes) ?? bytes);
    else if (name === `${NAME}.js`) {
      glue = withBoundedHandles(withoutReservedNames(new TextDecoder().decode(bytes)));
    }
  }
  if (request.mode === "jspi" && glue !== undefined) glue = awaitableExports(glue);
  if (glue === undefined) throw new LatticeError("bad-image", "the transpiler gave no JavaScript");
  refuseDynamicImports(glue);
  return transferring({ glue, cores, keepsHandles }, bigBuffers([...cores.values()]));
}

async function generated(
  request: TranspileRequest,
): Promise<readonly (readonly [string, Uint8Array])[]> {
  const { bytes, mode, asyncImports, asyncExports, versioned } = request;
  try {
    const { files } = await generate(bytes, {
      name: NAME,
      // The form that leaves finding modules and imports to us; workers have no import maps.
      instantiation: { tag: "async" },
      noNodejsCompat: true,
      noTypescript: true,
      base64Cutoff: 0,
      map: versioned.map((name) => [name, name] as [string, string]),
      asyncMode:
        mode === "sync"
          ? { tag: "sync" }
          : { tag: "jspi", val: { imports: [...asyncImports], exports: [...asyncExports] } },
    });
    return files;
  } catch (cause) {
    // The bindings generator throws a bare string in `payload`.
    throw new LatticeError("bad-image", `the component cannot be prepared: ${messageOf(cause)}`);
  }
}

/**
 * `import()` also with comments and ends of lines in between, and its forms with a phase (`import.defer()`).
 * `import.meta` gives nothing: the glue is a blob.
 */
const DYNAMIC_IMPORT =
  /\bimport(?:\s|\/\*[^]*?\*\/|\/\/[^\n\r\u2028\u2029]*[\n\r\u2028\u2029])*(?:\(|\.(?!meta\b))/;

/**
 * The glue runs with the rights of its worker. The worker takes its globals away, but `import()` is syntax; jco
 * writes none in this form, so one that appears would come from a name that escaped its quotes.
 */
function refuseDynamicImports(glue: string): void {
  if (DYNAMIC_IMPORT.test(glue)) {
    throw new LatticeError("bad-image", "the component's names would load code from elsewhere");
  }
}
