/** Where things lie in the checkout that the commands run in. */
import { resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** What `npm run build` writes and the gateway serves. */
export const DIST = resolve(ROOT, "dist");

/** What `npm start` keeps between runs: JetStream's store, locks, the addresses of running instances. */
export const DATA = resolve(ROOT, ".data");
