/**
 * `wasmcloud:bus/lattice`: a guest chooses under which link name an interface is called from now on. The choice is the
 * instance's own (wasmCloud `crates/host/src/wasmbus/handler.rs` at v1.9.2).
 *
 * The handle of a `call-target-interface` is the name that it was made of: `wasi:keyvalue/store`.
 */
import type { WitValue } from "../../core/wit.ts";
import type { Answers, HostAnswersParts } from "./host-answers.ts";

import { LatticeError } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { parseInterfaceName, withoutVersion } from "../../core/wit.ts";

const LATTICE = "wasmcloud:bus/lattice";

/** The functions of `wasmcloud:bus/lattice` in the version that `instance` names; `undefined` for other interfaces. */
export function latticeAnswers(
  parts: Pick<HostAnswersParts, "links" | "linkable">,
): (instance: string) => Answers | undefined {
  /** Names for interfaces that the component does not import change nothing, and are not kept. */
  const choose = (
    chosen: Map<string, string>,
    name: string,
    interfaces: readonly string[],
  ): void => {
    for (const each of interfaces) {
      if (name === DEFAULT_LINK) chosen.delete(each);
      else if (parts.linkable.has(each)) chosen.set(each, name);
    }
  };
  const target: Answers = {
    "[constructor]call-target-interface": ([namespace, pkg, iface]) => [
      new TextEncoder().encode(`${String(namespace)}:${String(pkg)}/${String(iface)}`),
    ],
  };
  const first: Answers = {
    ...target,
    "set-link-name": ([name, handles], { linkNames }) => {
      choose(linkNames, String(name), interfacesOf(handles));
      return [];
    },
  };
  const second: Answers = {
    ...target,
    "set-link-name": ([given, handles], { linkNames }) => {
      const name = String(given);
      const interfaces = interfacesOf(handles);
      const links = parts.links();
      const missing = interfaces.find((each) => links.target(name, each) === undefined);
      if (missing !== undefined) {
        const error = `interface \`${missing}\` does not have an existing link with name \`${name}\``;
        return [{ tag: "err", val: error }];
      }
      choose(linkNames, name, interfaces);
      return [{ tag: "ok", val: undefined }];
    },
  };
  return (instance) => {
    if (withoutVersion(instance) !== LATTICE) return undefined;
    return parseInterfaceName(instance)?.version?.startsWith("1.") === true ? first : second;
  };
}

function interfacesOf(handles: WitValue): readonly string[] {
  if (!Array.isArray(handles)) throw foreign();
  return handles.map((handle: unknown) => {
    if (!(handle instanceof Uint8Array)) throw foreign();
    return new TextDecoder().decode(handle);
  });
}

function foreign(): LatticeError {
  return new LatticeError("bad-input", "the component passed a handle that this host did not give");
}
