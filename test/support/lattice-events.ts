/** Events of a lattice, as peers hear them. */

/** Whether a message is the event `com.wasmcloud.lattice.{type}` of the host `source`. */
export const eventOf =
  (type: string, source: string) =>
  (json: unknown): boolean =>
    typeof json === "object" &&
    json !== null &&
    "type" in json &&
    "source" in json &&
    json.type === `com.wasmcloud.lattice.${type}` &&
    json.source === source;
