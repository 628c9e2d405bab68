/**
 * Runs a component in Node through jco, all imports synchronous: to see that fixtures do what they say.
 * How components run in a tab is tested in browsers.
 */
import { transpile } from "@bytecodealliance/jco";

/** Exports by interface, in jco's mapping of values; functions in camelCase. */
export type Guest = Readonly<
  Record<string, Readonly<Record<string, (...args: unknown[]) => unknown>>>
>;

/** Imports by interface without a version, in jco's mapping: functions in camelCase, resources as classes. */
export type GuestImports = Readonly<Record<string, object>>;

interface Transpiled {
  instantiate(
    core: (name: string) => Promise<WebAssembly.Module>,
    imports: GuestImports,
  ): Promise<Guest>;
}

/** Makes a new instance of a component. */
export type Instantiate = (imports?: GuestImports) => Promise<Guest>;

/** The component in `bytes`, to be instantiated as often as needed. */
export async function guestOf(bytes: Uint8Array): Promise<Instantiate> {
  const { files } = await transpile(bytes, {
    name: "guest",
    instantiation: "async",
    noTypescript: true,
    nodejsCompat: false,
    base64Cutoff: 0,
  });
  const file = (name: string): Uint8Array<ArrayBuffer> => {
    const content = files[name];
    if (content === undefined) throw new Error(`jco gave no ${name}`);
    return Uint8Array.from(content);
  };
  const script = Buffer.from(file("guest.js")).toString("base64");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jco generates a module of this form
  const module = (await import(
    /* @vite-ignore */ `data:text/javascript;base64,${script}`
  )) as Transpiled;
  return (imports = {}) => module.instantiate((name) => WebAssembly.compile(file(name)), imports);
}
