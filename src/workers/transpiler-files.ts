/**
 * Where the transpiler's WebAssembly lies. jco looks for it beside this worker's file under its own names; the bundler of
 * an app may have put both elsewhere under others, and then the starter has said where, behind the `#` of the address:
 * `core=ADDRESS&core2=ADDRESS`.
 *
 * Imported before jco, which fetches while it is evaluated.
 */
const given = new URLSearchParams(new URL(import.meta.url).hash.slice(1));
const fetchFile = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const asked = input instanceof Request ? input.url : String(input);
  const [, name = ""] = /component\.(core2?)\b[^/]*$/.exec(asked) ?? [];
  return fetchFile(given.get(name) ?? input, init);
};
