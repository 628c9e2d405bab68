/** What meets each import of a component, from the links of the lattice. Pure. */
import type { Link, WatchedImport } from "../../index.ts";

export interface ImportMet {
  readonly name: string;
  readonly functions: WatchedImport["functions"];
  readonly by: "node" | "types" | "link" | "nobody";
  /** By link: whom, and under which name. */
  readonly targets: readonly { readonly target: string; readonly link: string }[];
}

/** Those that want something to be done come first, what the node answers last. */
export function importsMet(
  id: string,
  imports: readonly WatchedImport[],
  links: readonly Link[],
): readonly ImportMet[] {
  const own = links.filter(({ source }) => source === id);
  const order = { nobody: 0, link: 1, node: 2, types: 3 };
  return imports
    .map(({ name, functions, by }): ImportMet => {
      if (by === "node" || by === "types") return { name, functions, by, targets: [] };
      const targets = own
        .filter((link) =>
          link.interfaces.some((each) => by.includes(`${link.namespace}:${link.package}/${each}`)),
        )
        .map(({ target, name: link }) => ({ target, link }));
      return { name, functions, by: targets.length > 0 ? "link" : "nobody", targets };
    })
    .toSorted((one, other) => order[one.by] - order[other.by]);
}
