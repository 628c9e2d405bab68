/** What a manifest says by the names of other objects: images, values of configuration, credentials of registries. */
import type { WirePullSecret } from "../dialects/v2/schema.ts";
import type { Draft } from "../wire/protojson.ts";
import { dictionary, optional, record, text } from "../wire/shape.ts";
import { bad, find, type Objects, read, texts, type Values } from "./workload-objects.ts";

const ARTIFACT = "artifact://";
const artifactObject = record({ spec: record({ image: text }) });

export function imageOf(
  image: string,
  objects: Objects,
  artifacts: ReadonlyMap<string, string>,
): string {
  if (!image.startsWith(ARTIFACT)) return image;
  const name = image.slice(ARTIFACT.length);
  const key = `Artifact/${artifacts.get(name) ?? name}`;
  return read(artifactObject, find(objects, key), `${key}: `).spec.image;
}

/** Values of its own, over which those of the objects that it names go, in their order. */
export function valuesOf(
  {
    config,
    configFrom,
    secretFrom,
  }: {
    readonly config: Values | undefined;
    readonly configFrom: readonly { readonly name: string }[] | undefined;
    readonly secretFrom: readonly { readonly name: string }[] | undefined;
  },
  objects: Objects,
): Values {
  const merged = new Map(config);
  for (const { name } of configFrom ?? []) {
    const key = `ConfigMap/${name}`;
    const { data } = read(configObject, find(objects, key), `${key}: `);
    for (const [each, value] of data ?? []) merged.set(each, value);
  }
  for (const { name } of secretFrom ?? []) {
    for (const [each, value] of secretValues(name, objects)) merged.set(each, value);
  }
  return merged;
}

const configObject = record({ data: optional(texts) });
const secretObject = record({ data: optional(texts), stringData: optional(texts) });

function secretValues(name: string, objects: Objects): Values {
  const key = `Secret/${name}`;
  const { data, stringData } = read(secretObject, find(objects, key), `${key}: `);
  const decoded = Array.from(data ?? [], ([each, value]) => {
    if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw bad(`${key}: data.${each} is no base64`);
    return [each, Buffer.from(value, "base64").toString("utf8")] as const;
  });
  return new Map([...decoded, ...(stringData ?? [])]);
}

const dockerConfig = record({
  auths: dictionary(
    record({ username: optional(text), password: optional(text), auth: optional(text) }),
  ),
});

/** What a secret of the kind `kubernetes.io/dockerconfigjson` has for the registry of `image`. */
export function loginOf(name: string, image: string, objects: Objects): Draft<WirePullSecret> {
  const source = secretValues(name, objects).get(".dockerconfigjson");
  if (source === undefined) throw bad(`Secret/${name} has no .dockerconfigjson`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch {
    throw bad(`Secret/${name}: its .dockerconfigjson is no JSON`); // its text is secret
  }
  const { auths } = read(dockerConfig, parsed, `Secret/${name}: `);
  const registry = image.split("/", 1)[0] ?? "";
  const found = [...auths].find(
    ([key]) => key.replace(/^https?:\/\//, "").split("/", 1)[0] === registry,
  );
  if (found === undefined) throw bad(`Secret/${name} has no credentials for ${registry}`);
  const [, { username, password, auth }] = found;
  if (username !== undefined && password !== undefined) return { username, password };
  const [, user = "", pass = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(auth ?? "", "base64").toString("utf8")) ?? [];
  if (user === "") throw bad(`Secret/${name} has no user and password for ${registry}`);
  return { username: user, password: pass };
}
