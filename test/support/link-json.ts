/** Links as `link.put` takes them and the buckets keep them. */

/** Of `wasi:keyvalue` from `source` to `target`, with the default name and no configuration, but for what `more` says. */
export const linkJson = (source: string, target: string, more: object = {}) => ({
  source_id: source,
  target,
  name: "default",
  wit_namespace: "wasi",
  wit_package: "keyvalue",
  interfaces: ["store"],
  source_config: [],
  target_config: [],
  ...more,
});
