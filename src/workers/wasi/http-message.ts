/** What requests and responses of `wasi:http/types` have in common: headers, and a body that is taken or given once. */
import type { Entry } from "./http-fields.ts";
import type { BodyInlet } from "./http-incoming-body.ts";
import type { BodyOutlet } from "./http-outgoing-body.ts";
import type { WireResponse } from "./http-values.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { Fields } from "./http-fields.ts";
import { IncomingBody } from "./http-incoming-body.ts";
import {
  breakBody,
  contentLength,
  emptyBody,
  openBody,
  OutgoingBody,
} from "./http-outgoing-body.ts";
import { wireFields } from "./http-values.ts";
import { Resource } from "./resource.ts";
import { ERR, ok } from "./results.ts";

/** `Head`: what came before the body. */
export class IncomingMessage<Head extends { readonly headers: readonly Entry[] }> extends Resource {
  protected readonly head: Head;
  readonly #body: BodyInlet;
  #consumed = false;

  constructor(holder: Holder, head: Head, body: BodyInlet) {
    super(holder);
    this.head = head;
    this.#body = body;
  }

  headers(): Fields {
    return new Fields(this.holder, this.head.headers, this);
  }

  consume(): Result<IncomingBody, undefined> {
    if (this.#consumed) return ERR;
    this.#consumed = true;
    return ok(new IncomingBody(this.holder, this.#body));
  }

  override dropped(): void {
    if (!this.#consumed) this.#body.source.cancel();
  }
}

export abstract class OutgoingMessage extends Resource {
  protected abstract readonly kind: "request" | "response";
  readonly #headers: readonly Entry[];
  #body: BodyOutlet | undefined;

  constructor(holder: Holder, headers: Fields) {
    super(holder);
    headers.release();
    this.#headers = Fields.entriesOf(headers);
  }

  headers(): Fields {
    return new Fields(this.holder, this.#headers, this);
  }

  body(): Result<OutgoingBody, undefined> {
    if (this.#body !== undefined) return ERR;
    const tag = `HTTP-${this.kind}-body-size` as const;
    this.#body = openBody(this.holder, contentLength(this.#headers), (val) => ({ tag, val }));
    return ok(new OutgoingBody(this.holder, this.#body));
  }

  override dropped(): void {
    this.breakOff(`the component did not send its ${this.kind}`);
  }

  /** The reader of its body, if there is one, learns that it will not be whole. */
  protected breakOff(reason: string): void {
    if (this.#body !== undefined) breakBody(this.#body, reason);
  }

  /** What goes to the other side of every message. */
  protected wire(): Pick<WireResponse, "body" | "trailers" | "headers"> {
    const { body, trailers } = this.#body ?? emptyBody(this.holder);
    return { body, trailers, headers: wireFields(this.#headers) };
  }
}
