/** All that `serve` and `client` need besides a node, in one part that is loaded when the first of them is called. */
export { client } from "./client.ts";
export { serve } from "./serve.ts";
