/**
 * Files as simply as they can be said: paths to contents, without anything open. What a volume does is compared with it.
 */
import type { FileErrorCode } from "../../src/channels/files.ts";

/** A path without `.`, `..` or a slash at an end. */
export type Path = string;

export type Step =
  | { readonly op: "write"; readonly path: Path; readonly at: number; readonly bytes: number[] }
  | { readonly op: "append"; readonly path: Path; readonly bytes: number[] }
  | { readonly op: "resize"; readonly path: Path; readonly size: number }
  | { readonly op: "create" | "mkdir" | "rmdir" | "unlink"; readonly path: Path }
  | { readonly op: "rename" | "link"; readonly path: Path; readonly to: Path };

export type Outcome = "ok" | FileErrorCode;

/** Of a file that has several names, all have the same object. */
interface ModelFile {
  bytes: number[];
}

export interface FileModel {
  apply(step: Step): Outcome;
  /** All that is there: bytes of files, `undefined` for directories; in order of their paths. */
  readonly all: readonly (readonly [Path, readonly number[] | undefined])[];
  readonly bytes: number;
}

export function createFileModel(limit: {
  readonly bytes: number;
  readonly entries: number;
}): FileModel {
  const nodes = new Map<Path, ModelFile | undefined>();

  const isDirectory = (path: Path): boolean =>
    path === "" || (nodes.has(path) && nodes.get(path) === undefined);
  const hasChildren = (path: Path): boolean =>
    [...nodes.keys()].some((each) => each.startsWith(`${path}/`));
  /** Why the parent of `path` is no directory. */
  const noParent = (path: Path): FileErrorCode | undefined => {
    const names = path.split("/").slice(0, -1);
    for (const index of names.keys()) {
      const above = names.slice(0, index + 1).join("/");
      if (!nodes.has(above)) return "no-entry";
      if (!isDirectory(above)) return "not-directory";
    }
    return undefined;
  };
  const used = (): number => {
    const files = new Set([...nodes.values()].filter((file) => file !== undefined));
    return [...files].reduce((sum, { bytes }) => sum + bytes.length, 0);
  };
  const put = (path: Path, file: ModelFile | undefined): Outcome => {
    if (nodes.size >= limit.entries) return "insufficient-space";
    nodes.set(path, file);
    return "ok";
  };
  /** Of a file, which is made if nothing is there. */
  const change = (path: Path, next: (before: readonly number[]) => number[]): Outcome => {
    const made = nodes.has(path) ? "ok" : put(path, { bytes: [] });
    if (made !== "ok") return made;
    const file = nodes.get(path);
    if (file === undefined) return "is-directory";
    const bytes = next(file.bytes);
    const growth = bytes.length - file.bytes.length;
    if (growth > 0 && used() + growth > limit.bytes) return "insufficient-space";
    file.bytes = bytes;
    return "ok";
  };
  const padded = (bytes: readonly number[], size: number): number[] =>
    Array.from({ length: Math.max(size, bytes.length) }, (_, index) => bytes[index] ?? 0);

  const rename = (path: Path, to: Path): Outcome => {
    if (!nodes.has(path)) return "no-entry";
    const [file, there] = [nodes.get(path), nodes.get(to)];
    if (path === to || (file !== undefined && file === there)) return "ok";
    if (file === undefined && to.startsWith(`${path}/`)) return "invalid";
    if (nodes.has(to)) {
      if (file === undefined && there !== undefined) return "not-directory";
      if (file !== undefined && there === undefined) return "is-directory";
      if (hasChildren(to)) return "not-empty";
    }
    for (const [each, moved] of Array.from(nodes)) {
      if (each !== path && !each.startsWith(`${path}/`)) continue;
      nodes.delete(each);
      nodes.set(to + each.slice(path.length), moved);
    }
    return "ok";
  };

  return {
    apply(step) {
      const { op, path } = step;
      const obstacle = noParent(path);
      if (obstacle !== undefined) return obstacle;
      if (op === "write") {
        return change(path, (before) => {
          if (step.bytes.length === 0) return [...before];
          const next = padded(before, step.at);
          next.splice(step.at, step.bytes.length, ...step.bytes);
          return next;
        });
      }
      if (op === "append") return change(path, (before) => [...before, ...step.bytes]);
      if (op === "resize") {
        return change(path, (before) => padded(before, step.size).slice(0, step.size));
      }
      if (op === "create") return nodes.has(path) ? "exist" : put(path, { bytes: [] });
      if (op === "mkdir") return nodes.has(path) ? "exist" : put(path, undefined);
      if (op === "rename" || op === "link") {
        if (op === "link" && !nodes.has(path)) return "no-entry";
        const above = noParent(step.to);
        if (above !== undefined) return above;
        if (op === "rename") return rename(path, step.to);
        if (nodes.has(step.to)) return "exist";
        const file = nodes.get(path);
        return file === undefined ? "not-permitted" : put(step.to, file);
      }
      if (!nodes.has(path)) return "no-entry";
      if (op === "unlink") {
        if (isDirectory(path)) return "is-directory";
        nodes.delete(path);
        return "ok";
      }
      if (!isDirectory(path)) return "not-directory";
      if (hasChildren(path)) return "not-empty";
      nodes.delete(path);
      return "ok";
    },
    get all() {
      return [...nodes]
        .map(([path, file]) => [path, file?.bytes] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
    },
    get bytes() {
      return used();
    },
  };
}
