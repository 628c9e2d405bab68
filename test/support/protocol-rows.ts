/**
 * What the 1.x protocols ask of a host, row by row. Tests name the rows that they show with {@link shows};
 * `docs/protocol-coverage.md` is generated from that (`npm run docs:protocol`).
 */

/** Group, then row, then what is shown. Names of the wire: wasmCloud 1.9.2, `wrpc.0.0.1`. */
export const PROTOCOL_ROWS = {
  "Control interface": {
    "host.ping": "every host answers with itself",
    "host.get": "the inventory of one host",
    "host.stop": "answered first, then goodbye",
    "component.auction": "a bid if the labels fit and the id does not run here, else silence",
    "component.scale": "acknowledged at once, the outcome is an event",
    "component.update": "acknowledged at once; the new image serves before the old one leaves",
    "provider.auction": "a bid for in-page providers only",
    "provider.start": "acknowledged at once, the outcome is an event",
    "provider.stop": "the event goes before the answer",
    "link.put":
      "stored, told to providers, announced, answered; conflicts and unknown names are refused",
    "link.del": "removed by source, name, namespace and package",
    "link.get": "all links of the lattice",
    "config.put": "stored, announced, answered; values are strings",
    "config.get": "the values, or a success that says there are none",
    "config.del": "purged, also if it was not there",
    "label.put": "set and announced; hostcore.* is refused",
    "label.del": "removed and announced; absent ones are no failure",
    "claims.get": "claims of signed components and providers",
    "registry.put": "credentials for pulling, for every host",
    "cfg.req": "supplemental configuration, asked for at the start",
    "malformed requests": "refused with upstream's text",
    "unknown subjects": "refused as unsupported",
    "requests without a reply subject": "carried out, not answered",
    "queue groups":
      "link, config and claims are answered by one host, and by no tab that would do harm",
  },
  Events: {
    host_started: "once, after the subscriptions stand",
    host_heartbeat: "the inventory, each 30 s",
    host_stopped: "the labels; the last word",
    component_scaled: "annotations and reference as they were given",
    component_scale_failed: "with the reason",
    provider_started: "with the reference as it was given",
    provider_start_failed: "with the reason and the raw reference",
    provider_stopped: "before the answer to the stop",
    health_check_passed: "from unknown or unhealthy to healthy",
    health_check_failed: "from healthy to unhealthy",
    health_check_status: "no change",
    linkdef_set: "the link",
    linkdef_set_failed: "the link and the reason",
    linkdef_deleted: "what was removed",
    config_set: "the name",
    config_deleted: "the name",
    labels_changed: "the whole new set",
  },
  "Key-value state": {
    "COMPONENT_{id}": "written if missing, links never overwritten, malformed ones left alone",
    "CLAIMS_{key}": "read, malformed ones left alone; written for signed components of its own",
    "CONFIGDATA_{lattice}": "values as given",
    "bucket settings": "as a Rust host makes them",
    "JetStream domain": "read and written through it",
    "no JetStream": "the host joins, says so, and serves",
  },
  "wRPC, called": {
    "subjects and queue groups": "one subscription for each function, in the group of the id",
    acceptance: "one empty message that names the server's inbox",
    "parameters in pieces": "from the first message and after it, cut anywhere",
    results: "root bytes, then an empty message",
    "results in pieces": "cut at max_payload",
    "failure after the acceptance": "an empty message, and no result",
    "no results": "an empty message",
    "streams and futures in parameters": "on their index paths",
    "streams and futures in results": "on their index paths, after the root",
    headers: "source-id, link-name, traceparent and tracestate",
    "resources in parameters and results": "opaque bytes",
    cancellation: "a caller that is gone frees what it held",
  },
  "wRPC, calling": {
    invocation: "headers, first parameters, reply subject",
    "end of parameters": "always sent, together with them",
    "parameters above max_payload": "follow the acceptance",
    "results cut anywhere": "read as one stream of bytes",
    "not served": "503 at once",
    "ended by the server": "other statuses",
    "acceptance without an inbox": "refused",
    "no result": "the callee failed",
    "streams and futures sent": "on their index paths, in bounded windows",
    "streams and futures received": "on their index paths, also in any order",
    deadlines: "for the acceptance and for the results",
    resources: "constructor, methods, statics",
  },
  "Peers' defects": {
    "signed LEB128 of Rust": "encoded masked, decoded both ways",
    "handles swallow the rest": "a handle is the last of a result",
    "16-message channels": "nobody is flooded",
    "busy Rust hosts": "accept late and are not taken for dead",
    "parameterless functions": "the end marker is sent",
    "functions without results": "end with the empty message",
  },
} as const;

type Rows = typeof PROTOCOL_ROWS;
/** `Group: row`. */
export type ProtocolRow = {
  [Group in keyof Rows]: `${Group}: ${Extract<keyof Rows[Group], string>}`;
}[keyof Rows];

/** Says that the test in which it stands shows these rows. Read by the generator; does nothing when it runs. */
export function shows(..._rows: readonly ProtocolRow[]): void {}
