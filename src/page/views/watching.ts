/** Watches a topic of the page's node for an element, as long as the element is in the document. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { LatticeNode, Topic, Watched } from "../../index.ts";

import { messageOf } from "../../core/error.ts";

export class Watching<T extends Topic> implements ReactiveController {
  /** What was told last; absent until then, and for another node. */
  latest: Watched[T] | undefined;
  /** Why the node cannot tell, if so. */
  trouble: string | undefined;
  readonly #element: ReactiveControllerHost;
  readonly #topic: T;
  readonly #heard: ((update: Watched[T]) => void) | undefined;
  #node: Pick<LatticeNode, "watch"> | undefined;
  #ended: AbortController | undefined;
  #connected = false;

  /** `heard`: called with each update before the element renders, for those that do not replace the last one. */
  constructor(element: ReactiveControllerHost, topic: T, heard?: (update: Watched[T]) => void) {
    this.#element = element;
    this.#topic = topic;
    this.#heard = heard;
    element.addController(this);
  }

  /** The node to watch from now on. To be called in `willUpdate`. */
  of(node: Pick<LatticeNode, "watch"> | undefined): void {
    if (node === this.#node) return;
    this.#node = node;
    this.latest = undefined;
    this.#restart();
  }

  hostConnected(): void {
    this.#connected = true;
    this.#restart();
  }

  hostDisconnected(): void {
    this.#connected = false;
    this.#ended?.abort();
  }

  #restart(): void {
    this.#ended?.abort();
    this.trouble = undefined;
    const node = this.#node;
    if (node === undefined || !this.#connected) return;
    const ended = new AbortController();
    this.#ended = ended;
    const hear = (update: Watched[T]): void => {
      if (ended.signal.aborted) return;
      this.latest = update;
      this.#heard?.(update);
      this.#element.requestUpdate();
    };
    node.watch(this.#topic, hear, ended.signal).catch((thrown: unknown) => {
      if (ended.signal.aborted) return;
      this.trouble = messageOf(thrown);
      this.#element.requestUpdate();
    });
  }
}
