/**
 * What is kept apart at addresses that components share with the page (`/~/`): a component there is a stranger in the
 * page's own origin, and its host's name is also that of other local services.
 */
import { bytesOf, type HttpRules } from "./http-messages.ts";

/** Cookies of this host are those of every local service on any port. */
const NOT_FOR_COMPONENTS: ReadonlySet<string> = new Set(["cookie"]);

/** These speak for the whole origin or host. */
const NOT_FROM_COMPONENTS: ReadonlySet<string> = new Set([
  "accept-ch",
  "alt-svc",
  "clear-site-data",
  "nel",
  "public-key-pins",
  "report-to",
  "service-worker-allowed",
  "set-cookie",
  "set-cookie2",
  "strict-transport-security",
]);

/**
 * Documents of components have an origin of their own that nothing else has: without it they could read the page's
 * storage and keys, and open the gateway's way to NATS. It stands beside a policy of the component's own.
 */
const COMPONENT_POLICY =
  "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

/** Rules for the component whose paths begin with `prefix`, asked by `client`, an address. */
export function rulesApart(prefix: string, client: string): HttpRules {
  return {
    notForComponents: NOT_FOR_COMPONENTS,
    notFromComponents: NOT_FROM_COMPONENTS,
    added: [
      ["x-forwarded-prefix", [bytesOf(prefix)]],
      ["x-forwarded-for", [bytesOf(client)]],
    ],
    amend(head) {
      const location = head.get("location")?.map((to) => within(prefix, to));
      if (location !== undefined) head.set("location", location);
      const policies = head.get("content-security-policy") ?? [];
      head.set("content-security-policy", [...policies, COMPONENT_POLICY]);
      head.set("x-content-type-options", ["nosniff"]);
    },
  };
}

/** A path from the root is one from the component's root. */
const within = (prefix: string, location: string): string =>
  /^\/(?!\/)/.test(location) ? prefix + location : location;
