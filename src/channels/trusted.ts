/**
 * Addresses of workers where a page says `require-trusted-types-for 'script'`. The policy is called `inlay`; a page that
 * lists the policies it takes names it there.
 */
interface Policies {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): string };
}

const POLICY = Symbol.for("inlay trusted types");

/** `address` as the browser wants it. Addresses come from our own files and blobs only, which is what is vouched for. */
export function trustedAddress(address: string, scope: typeof globalThis = globalThis): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the specification has it; absent in older browsers
  const policies = Reflect.get(scope, "trustedTypes") as Policies | undefined;
  if (policies === undefined) return address;
  // Kept in the realm, not in this module: a second one of that name is refused, and so would be a second copy of the library.
  const made: unknown =
    Reflect.get(scope, POLICY) ??
    policies.createPolicy("inlay", { createScriptURL: (text) => text });
  Reflect.set(scope, POLICY, made);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was made here
  return (made as ReturnType<Policies["createPolicy"]>).createScriptURL(address);
}
