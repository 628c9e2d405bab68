/**
 * What is to know of a component beyond its world before code is made of it: names that could break out of the quotes
 * of generated code or pass for the host's, and built-ins whose state lives outside of all core instances.
 *
 * All parts are looked at, also nested components that nothing instantiates, and nothing is evaluated. What is newer
 * than this reader is refused: it might hold names. Layout: WebAssembly/component-model, design/mvp/Binary.md,
 * "Component Definitions"; WebAssembly/spec, "Binary Format", "Modules".
 */
import { readCanonical, skipCoreExtern } from "./component-core.ts";
import { ComponentReader } from "./component-reader.ts";

export interface Survey {
  /**
   * Whether guests can put something into tables of the host that core instances do not show: handles of resources,
   * waitable sets, context of tasks and so on, all that is more than `lift` and `lower`.
   */
  readonly keepsHandles: boolean;
}

/** Components within components beyond which a binary is refused. */
const MAX_DEPTH = 100;

const SECTION = { coreModule: 1, coreInstances: 2, component: 4, canonicals: 8 } as const;
const CORE_SECTION = { custom: 0, imports: 2, exports: 7 } as const;
const LIFT = 0x00;
const LOWER = 0x01;

/**
 * Looks through the component in `bytes`.
 *
 * @throws {LatticeError} `bad-image` for a name that generated code cannot quote, and for damaged bytes.
 */
export function surveyComponent(bytes: Uint8Array): Survey {
  return { keepsHandles: surveyBody(new ComponentReader(bytes), 0) };
}

function surveyBody(reader: ComponentReader, depth: number): boolean {
  if (depth > MAX_DEPTH) reader.fail(`components are nested deeper than ${MAX_DEPTH}`);
  if (reader.preamble() === "module") reader.fail("a core module stands where a component must");
  let keepsHandles = false;
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.within(reader.u32());
    switch (id) {
      case SECTION.coreModule:
        surveyModule(section);
        break;
      case SECTION.coreInstances:
        section.list(() => readCoreInstance(section));
        break;
      case SECTION.component:
        keepsHandles = surveyBody(section, depth + 1) || keepsHandles;
        break;
      case SECTION.canonicals: {
        const codes = section.list(() => readCode(section));
        keepsHandles ||= codes.some((code) => code !== LIFT && code !== LOWER);
        break;
      }
      default: // its names are read where the world is
    }
  }
  return keepsHandles;
}

function readCode(reader: ComponentReader): number {
  const code = reader.peek();
  // A value type is one byte below zero, or an index.
  readCanonical(reader, () => void reader.s33());
  return code;
}

function readCoreInstance(reader: ComponentReader): void {
  const { at } = reader;
  const form = reader.byte();
  if (form > 1) reader.fail(`unknown form ${form} of a core instance at byte ${at}`);
  if (form === 0) reader.u32();
  reader.list(() => {
    readQuotable(reader);
    reader.byte();
    reader.u32();
  });
}

function surveyModule(reader: ComponentReader): void {
  if (reader.preamble() === "component") reader.fail("a component stands where a core module must");
  while (!reader.done) {
    const id = reader.byte();
    const { at } = reader;
    const section = reader.within(reader.u32());
    if (id === CORE_SECTION.imports) {
      section.list(() => {
        readQuotable(section);
        readQuotable(section);
        skipCoreExtern(section);
      });
    } else if (id === CORE_SECTION.exports) {
      section.list(() => {
        readQuotable(section);
        section.byte();
        section.u32();
      });
    } else {
      if (id === CORE_SECTION.custom) refuseOwn(section, section.name());
      continue;
    }
    if (!section.done) reader.fail(`the section at byte ${at} has bytes left over`);
  }
}

/** Quotes of all kinds, escapes, templates, ends of lines and other control characters. */
const UNQUOTABLE = /['"`\\\p{Cc}\u2028\u2029]|\$\{/u;

/** jco 1.35 writes names of core imports and exports between quotes as they are. */
function readQuotable(reader: ComponentReader): void {
  const { at } = reader;
  const name = reader.name();
  if (UNQUOTABLE.test(name)) {
    reader.fail(
      `the name at byte ${at} holds quotes or control characters, which would break out of generated code`,
    );
  }
  refuseOwn(reader, name);
}

/** What is added to core modules has names with this start (`core-state.ts`), and is believed. */
const OWN = "inlay ";

function refuseOwn(reader: ComponentReader, name: string): void {
  if (!name.startsWith(OWN)) return;
  reader.fail(
    `the name before byte ${reader.at} starts with "${OWN}", which is kept for what the host adds`,
  );
}
