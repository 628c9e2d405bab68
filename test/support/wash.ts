/**
 * wash's commands as messages, read as strictly as wash reads them (wasmCloud `crates/control-interface/src/client.rs`,
 * `crates/wash/src/lib/cli/*.rs`, `crates/wash/src/cli/call.rs` @ v1.9.2). Each rejects where wash would print an error.
 */
import type { ControlLink } from "./control-replies.ts";
import type { NativePeer } from "./native-peer.ts";

import {
  anything,
  dictionary,
  list,
  natural,
  optional,
  record,
  type Shape,
  text,
} from "../../src/wire/shape.ts";
import { linkShape, replyShape } from "./control-replies.ts";

export interface WashOptions {
  readonly lattice?: string;
  /**
   * How many hosts are to answer pings and auctions, however long they take: a machine that does ten other things is no
   * reason to miss one. Default 0: they are collected for a while, as wash does for 2 s, and there may be none.
   */
  readonly hosts?: number;
}

/** For answers that may not come, and for those behind the ones that are to. */
const SILENCE_MS = 400;
const SURPLUS_MS = 50;

const ANSWER_MS = 30_000;
const EVENT_MS = 30_000;
const U32 = 0xffff_ffff;

const texts = dictionary(text);
const hostShape = record({
  id: text,
  friendly_name: text,
  labels: texts,
  lattice: text,
  uptime_seconds: natural(Number.MAX_SAFE_INTEGER),
  uptime_human: optional(text),
  version: optional(text),
  ctl_host: optional(text),
  rpc_host: optional(text),
  js_domain: optional(text),
});
export type WashHost = ReturnType<typeof hostShape>;

const componentShape = record({
  id: text,
  image_ref: text,
  name: optional(text),
  annotations: optional(texts),
  revision: natural(U32),
  max_instances: natural(U32),
  limits: optional(texts),
});
const providerShape = record({
  id: text,
  image_ref: optional(text),
  name: optional(text),
  revision: natural(U32),
  annotations: optional(texts),
});
export const inventoryShape = record({
  components: list(componentShape),
  providers: list(providerShape),
  host_id: text,
  friendly_name: text,
  labels: texts,
  version: text,
  uptime_human: text,
  uptime_seconds: natural(Number.MAX_SAFE_INTEGER),
});
export type WashInventory = ReturnType<typeof inventoryShape>;

const bidShape = record({
  host_id: text,
  component_ref: text,
  component_id: text,
  constraints: texts,
});
const providerBidShape = record({
  host_id: text,
  provider_ref: text,
  provider_id: text,
  constraints: texts,
});
export class Wash {
  readonly #peer: NativePeer;
  readonly #lattice: string;
  readonly #hosts: number;

  constructor(peer: NativePeer, { lattice = "default", hosts = 0 }: WashOptions = {}) {
    this.#peer = peer;
    this.#lattice = lattice;
    this.#hosts = hosts;
  }

  /** `wash get hosts` */
  getHosts(): Promise<readonly WashHost[]> {
    return this.#gather("host.ping", undefined, hostShape);
  }

  /** `wash get inventory`: of all hosts; one that does not answer fails the command. */
  async getInventory(): Promise<readonly WashInventory[]> {
    const hosts = await this.getHosts();
    return Promise.all(
      hosts.map(async ({ id }) => inventoryShape(await this.#ask(`host.get.${id}`), "")),
    );
  }

  /** `wash start component REF ID -c k=v`; the first host that bids. */
  async startComponent(
    ref: string,
    id: string,
    constraints: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const request = { component_ref: ref, component_id: id, constraints };
    const [bid] = await this.#gather("component.auction", request, bidShape);
    if (bid === undefined) throw new Error(`no hosts are eligible for ${ref}`);
    await this.#scale(bid.host_id, ref, id, 1);
    return bid.host_id;
  }

  /** `wash scale component HOST REF ID --max N` */
  scaleComponent(host: string, ref: string, id: string, max: number): Promise<void> {
    return this.#scale(host, ref, id, max);
  }

  /** `wash stop component ID`: on the host that the inventories name. */
  async stopComponent(id: string): Promise<void> {
    const { host, ref } = await this.#find(id);
    await this.#scale(host, ref, id, 0);
  }

  /** `wash update component ID REF`: waits for no event. */
  async updateComponent(id: string, ref: string): Promise<string> {
    const { host } = await this.#find(id);
    const { message } = await this.#command(`component.update.${host}`, {
      host_id: host,
      component_id: id,
      new_component_ref: ref,
    });
    return message;
  }

  /** `wash start provider REF ID`: sends the link name as the provider's id in its auction. */
  async startProvider(ref: string, id: string): Promise<void> {
    const request = { provider_ref: ref, provider_id: "default", constraints: {} };
    const [bid] = await this.#gather("provider.auction", request, providerBidShape);
    if (bid === undefined) throw new Error(`no hosts are eligible for ${ref}`);
    await this.startProviderOn(bid.host_id, ref, id);
  }

  /** `wash start provider REF ID --host-id HOST` */
  startProviderOn(host: string, ref: string, id: string): Promise<void> {
    const body = { host_id: host, provider_id: id, provider_ref: ref, config: [] };
    return this.#andWait(host, ["provider_started", "provider_start_failed"], body, {
      tail: `provider.start.${host}`,
      matches: (data) => data.get("image_ref") === ref || data.get("provider_ref") === ref,
    });
  }

  /** `wash stop provider ID` */
  async stopProvider(id: string): Promise<void> {
    const found = (await this.getInventory()).filter(({ providers }) =>
      providers.some((each) => each.id === id),
    );
    const [inventory] = found;
    if (inventory === undefined) throw new Error(`no provider ${id}`);
    if (found.length > 1) throw new Error(`more than one host runs ${id}`);
    const host = inventory.host_id;
    await this.#andWait(
      host,
      ["provider_stopped"],
      { host_id: host, provider_id: id },
      {
        tail: `provider.stop.${host}`,
        matches: (data) => data.get("provider_id") === id,
      },
    );
  }

  /** `wash stop host ID` */
  async stopHost(id: string): Promise<void> {
    const hosts = await this.getHosts();
    if (!hosts.some((each) => each.id === id)) throw new Error(`no host ${id}`);
    await this.#command(`host.stop.${id}`, { host_id: id });
  }

  /** `wash link put SRC TGT NS PKG --interface I …` */
  async linkPut(
    link: Partial<ControlLink> & Pick<ControlLink, "source_id" | "target">,
  ): Promise<void> {
    const defaults = { name: "default", interfaces: [], source_config: [], target_config: [] };
    await this.#command("link.put", { ...defaults, ...link });
  }

  /** `wash link del SRC NS PKG` */
  async linkDel(source: string, namespace: string, pkg: string): Promise<void> {
    await this.#command("link.del", {
      source_id: source,
      name: "default",
      wit_namespace: namespace,
      wit_package: pkg,
    });
  }

  /** `wash link query` and `wash get links` */
  async linkQuery(): Promise<readonly ControlLink[]> {
    return list(linkShape)(await this.#ask("link.get"), "");
  }

  /** `wash get claims` */
  async getClaims(): Promise<readonly ReadonlyMap<string, string>[]> {
    return list(texts)(await this.#ask("claims.get"), "");
  }

  /** `wash config put NAME k=v …` */
  async configPut(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.#command(`config.put.${name}`, values);
  }

  /** `wash config get NAME`; undefined where there is none. */
  async configGet(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const values = optional(texts)(await this.#ask(`config.get.${name}`), "");
    return values && Object.fromEntries(values);
  }

  /** `wash config del NAME` */
  async configDel(name: string): Promise<void> {
    await this.#command(`config.del.${name}`);
  }

  /** `wash label HOST k=v` */
  async label(host: string, key: string, value: string): Promise<void> {
    await this.#command(`label.put.${host}`, { key, value });
  }

  /** `wash label HOST k --delete` */
  async unlabel(host: string, key: string): Promise<void> {
    await this.#command(`label.del.${host}`, { key });
  }

  /** `wash call ID ns:pkg/iface.func`: no parameters, and one string for a result. */
  async call(id: string, operation: string): Promise<string> {
    const { outcome, bytes } = await this.#peer.invoke(
      `${this.#lattice}.${id}.wrpc.0.0.1.${operation}`,
      new Uint8Array(0),
      { headers: { "source-id": "wash" }, timeoutMs: ANSWER_MS },
    );
    if (outcome !== "ended") throw new Error(`${operation} of ${id}: ${outcome}`);
    const [length = 0] = bytes;
    if (length >= 0x80 || bytes.length !== length + 1) throw new Error("not one short string");
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(1));
  }

  async #find(id: string): Promise<{ readonly host: string; readonly ref: string }> {
    for (const { host_id: host, components } of await this.getInventory()) {
      const found = components.find((each) => each.id === id);
      if (found !== undefined) return { host, ref: found.image_ref };
    }
    throw new Error(`no component ${id}`);
  }

  #scale(host: string, ref: string, id: string, count: number): Promise<void> {
    const body = { host_id: host, component_ref: ref, component_id: id, count, config: [] };
    return this.#andWait(host, ["component_scaled", "component_scale_failed"], body, {
      tail: `component.scale.${host}`,
      matches: (data) => data.get("image_ref") === ref,
    });
  }

  /** Commands, and waits for the event that wash waits for; the last of `kinds` but the first is the failure. */
  async #andWait(
    host: string,
    kinds: readonly string[],
    body: unknown,
    { tail, matches }: { tail: string; matches: (data: ReadonlyMap<string, unknown>) => boolean },
  ): Promise<void> {
    const events = await this.#peer.listen(`wasmbus.evt.${this.#lattice}.*`);
    await this.#command(tail, body);
    const shape = record({ source: text, type: text, data: dictionary(anything) });
    const event = shape(
      await events.next((json) => {
        const { source, type, data } = shape(json, "");
        const kind = type.replace("com.wasmcloud.lattice.", "");
        return source === host && kinds.includes(kind) && matches(data);
      }, EVENT_MS),
      "",
    );
    if (event.type.endsWith("_failed")) throw new Error(String(event.data.get("error")));
  }

  async #ask(tail: string, body?: unknown): Promise<unknown> {
    return (await this.#command(tail, body)).response;
  }

  async #command(
    tail: string,
    body?: unknown,
  ): Promise<{ readonly message: string; readonly response: unknown }> {
    const subject = `wasmbus.ctl.v1.${this.#lattice}.${tail}`;
    const payload = body === undefined ? "" : JSON.stringify(body);
    const reply = await this.#peer.nats.request(subject, payload, { timeout: ANSWER_MS });
    const { success, message, response } = replyShape(reply.json(), "");
    if (!success) throw new Error(message);
    return { message, response };
  }

  /** The first message that is empty or does not parse ends the collection, and hides all that come later. */
  #gather<T>(tail: string, body: unknown, shape: Shape<T>): Promise<readonly T[]> {
    const { nats } = this.#peer;
    return new Promise((resolve) => {
      const found: T[] = [];
      const inbox = `_INBOX.wash.${crypto.randomUUID()}`;
      const finish = (): void => {
        clearTimeout(timer);
        subscription.unsubscribe();
        resolve(found);
      };
      let timer = setTimeout(finish, this.#hosts === 0 ? SILENCE_MS : ANSWER_MS);
      const subscription = nats.subscribe(inbox, {
        callback: (_, message) => {
          try {
            const { success, response } = replyShape(message.json(), "");
            if (success) found.push(shape(response, ""));
            if (found.length !== this.#hosts) return;
            clearTimeout(timer);
            timer = setTimeout(finish, SURPLUS_MS);
          } catch {
            finish();
          }
        },
      });
      nats.publish(
        `wasmbus.ctl.v1.${this.#lattice}.${tail}`,
        body === undefined ? "" : JSON.stringify(body),
        { reply: inbox },
      );
    });
  }
}
