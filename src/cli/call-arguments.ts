/** What `npm run call` is asked for, checked: whom to call, which function, of which types, with what. */
import { LatticeError } from "../core/error.ts";
import { entityId, latticeId, type EntityId, type LatticeId } from "../core/ids.ts";
import { parseInterfaceName, withoutVersion, type FuncType, type WitValue } from "../core/wit.ts";
import { parseWave } from "../wire/wave.ts";
import { parseWit } from "../wire/wit-text.ts";
import { parseStrictly } from "./arguments.ts";

export const CALL_USAGE = `npm run call -- ID NS:PKG/IFACE[@VERSION].FUNC [ARGS as WAVE or JSON] [options]
  --wit FILE       WIT text with the function's types; without it: no parameters and one string, as wash call has it
  --servers URL    NATS server (nats://, tls://, ws:// or wss://; default: that of the npm start that runs)
  --lattice NAME   default: that of the npm start that runs, else "default"
  --timeout MS     how long to wait for the result (default 10000)
  --json           print the result as JSON instead of WAVE`;

export interface CallArguments {
  readonly target: EntityId;
  readonly operation: Operation;
  /** Values as they were typed. */
  readonly texts: readonly string[];
  readonly witFile: string | undefined;
  readonly servers: string | undefined;
  readonly lattice: LatticeId | undefined;
  readonly timeoutMs: number;
  readonly json: boolean;
}

export interface Operation {
  /** `ns:pkg/iface@1.0.0` */
  readonly instance: string;
  readonly func: string;
}

/** @throws {LatticeError} `bad-input` */
export function readCallArguments(args: readonly string[]): CallArguments {
  const { values, positionals } = parseStrictly({
    args: [...args],
    allowPositionals: true,
    options: {
      wit: { type: "string" },
      servers: { type: "string" },
      lattice: { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [id, operation, ...texts] = positionals;
  if (id === undefined || operation === undefined) {
    throw new LatticeError("bad-input", "the id of whom to call and a function are wanted");
  }
  const timeoutMs = Number(values.timeout ?? 10_000);
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    throw new LatticeError("bad-input", `--timeout "${values.timeout}" must be milliseconds`);
  }
  return {
    target: entityId(id),
    operation: readOperation(operation),
    texts,
    witFile: values.wit,
    servers: values.servers,
    lattice: values.lattice === undefined ? undefined : latticeId(values.lattice),
    timeoutMs,
    json: values.json ?? false,
  };
}

/**
 * Versions have dots, and so do methods (`[method]bucket.get`); plain functions have none.
 *
 * @throws {LatticeError} `bad-input`
 */
export function readOperation(text: string): Operation {
  const bracket = text.indexOf(".[");
  const cut = bracket === -1 ? text.lastIndexOf(".") : bracket;
  const instance = text.slice(0, Math.max(cut, 0));
  const func = text.slice(cut + 1);
  // Names begin with letters; what begins with a digit is the rest of a version.
  if (parseInterfaceName(instance) === undefined || !/^(?:\[[a-z]+\])?[a-z]/i.test(func)) {
    throw new LatticeError("bad-input", `"${text}" must be namespace:package/interface.function`);
  }
  return { instance, func };
}

export interface Typed {
  readonly operation: Operation;
  readonly type: FuncType;
}

/**
 * The function's types from WIT text. An operation without version stands for the version that the text has.
 *
 * @throws {LatticeError} `types-unknown` if the text does not have the function.
 */
export function typesFrom(wit: string, { instance, func }: Operation): Typed {
  const { interfaces } = parseWit(wit);
  const names = [...interfaces.keys()];
  const name =
    names.find((known) => known === instance) ??
    names.find((known) => withoutVersion(known) === instance);
  const type = name === undefined ? undefined : interfaces.get(name)?.get(func);
  if (name !== undefined && type !== undefined)
    return { operation: { instance: name, func }, type };
  const known = name === undefined ? names : [...(interfaces.get(name)?.keys() ?? [])];
  throw new LatticeError(
    "types-unknown",
    `the WIT has no ${name === undefined ? instance : func}, only ${known.join(", ") || "nothing"}`,
  );
}

/**
 * The types that wash takes for granted (wash `call`): no parameters, one string.
 *
 * @throws {LatticeError} `types-unknown` if there are values to send.
 */
export function typesOfWash(operation: Operation, texts: readonly string[]): Typed {
  if (texts.length === 0) return { operation, type: { params: [], result: { kind: "string" } } };
  throw new LatticeError(
    "types-unknown",
    `the types of ${operation.func} are not known: pass --wit FILE with the text of ${operation.instance}`,
  );
}

/** @throws {LatticeError} `bad-input` for a value that is not of its parameter's type, or one too many or few. */
export function readValues(
  { operation, type }: Typed,
  texts: readonly string[],
): readonly WitValue[] {
  const { params } = type;
  if (params.length !== texts.length) {
    const wanted = params.map(({ name }) => name).join(", ") || "none";
    throw new LatticeError(
      "bad-input",
      `${operation.func} takes ${params.length} values (${wanted}), but ${texts.length} were given`,
    );
  }
  return params.map(({ name, type }, index) => {
    try {
      return parseWave(texts[index] ?? "", type);
    } catch (cause) {
      throw new LatticeError("bad-input", `the value of ${name} is of no use`, { cause });
    }
  });
}
