/**
 * Events and replies as wadm reads them: what does not parse is dropped without a word there (wasmCloud/wadm
 * `crates/wadm/src/events/{types,data}.rs` @ v0.21.1, wasmCloud `crates/control-interface/src/types/*` @ v1.9.2).
 */
import {
  anything,
  defaulting,
  dictionary,
  list,
  natural,
  optional,
  record,
  type Shape,
  text,
} from "../../src/wire/shape.ts";

type Texts = Readonly<Record<string, string>>;

const texts: Shape<Texts> = (value, path) => Object.fromEntries(dictionary(text)(value, path));

const semver: Shape<string> = (value, path) => {
  const version = text(value, path);
  if (!/^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(version)) throw new Error(`${path}: ${version}`);
  return version;
};

const U32 = 0xffff_ffff;

export interface ListedComponent {
  readonly id: string;
  readonly image_ref: string;
  readonly annotations: Texts;
  readonly max_instances: number;
}

const component = record<ListedComponent>({
  id: text,
  image_ref: text,
  annotations: defaulting(texts, {}),
  max_instances: natural(U32),
});

interface Started {
  readonly friendly_name: string;
  readonly labels: Texts;
}
const started = record<Started>({ friendly_name: text, labels: texts });

interface Heartbeat extends Started {
  readonly components: readonly ListedComponent[];
  readonly providers: readonly unknown[];
  readonly version: string;
  readonly uptime_human: string;
  readonly uptime_seconds: number;
}
const heartbeat = record<Heartbeat>({
  friendly_name: text,
  labels: texts,
  components: list(component),
  providers: list(record({ id: text, annotations: defaulting(texts, {}) })),
  version: semver,
  uptime_human: text,
  uptime_seconds: natural(Number.MAX_SAFE_INTEGER),
});

interface Scaled {
  readonly annotations: Texts;
  readonly image_ref: string;
  readonly max_instances: number;
  readonly component_id: string;
}
const scaledFields = {
  annotations: texts,
  image_ref: text,
  max_instances: natural(U32),
  component_id: text,
};
const scaled = record<Scaled>(scaledFields);
const scaleFailed = record<Scaled & { readonly error: string }>({ ...scaledFields, error: text });
const stopped = record<{ readonly labels: Texts }>({ labels: texts });

export type WadmEvent = { readonly source: string } & (
  | ({ readonly type: "host_started" } & Started)
  | ({ readonly type: "host_heartbeat" } & Heartbeat)
  | { readonly type: "host_stopped"; readonly labels: Texts }
  | ({ readonly type: "component_scaled" } & Scaled)
  | ({ readonly type: "component_scale_failed"; readonly error: string } & Scaled)
  | { readonly type: "other" }
);

const envelope = record({
  specversion: text,
  id: text,
  source: text,
  type: text,
  time: text,
  datacontenttype: text,
  data: anything,
});

/** Throws for what wadm would drop. */
export function readWadmEvent(json: unknown): WadmEvent {
  const { source, type: whole, data } = envelope(json, "");
  const type = whole.replace(/^com\.wasmcloud\.lattice\./, "");
  switch (type) {
    case "host_started":
      return { source, type, ...started(data, "data") };
    case "host_heartbeat":
      return { source, type, ...heartbeat(data, "data") };
    case "host_stopped":
      return { source, type, ...stopped(data, "data") };
    case "component_scaled":
      return { source, type, ...scaled(data, "data") };
    case "component_scale_failed":
      return { source, type, ...scaleFailed(data, "data") };
    default:
      return { source, type: "other" };
  }
}

const values = optional(texts);
/** `undefined` where there is no such configuration. */
export const readConfig: (json: unknown) => Texts | undefined = (json) => values(json, "");
