/**
 * The one node of a page: joins, leaves, joins again, and gives the page a single view across all of its nodes.
 * It also says what a page must tell a person and a state does not: starts that failed, settings not used.
 */
import type {
  Joining,
  JoinOptions,
  LatticeNode,
  NodeState,
  View,
  WorkloadOptions,
} from "../index.ts";
import type { ComponentSetting } from "./state/attributes.ts";
import type { NodeOptions } from "../core/node-options.ts";
import type { JoinRequest } from "./state/join-form.ts";

import { messageOf } from "../core/error.ts";
import { createSource } from "../core/view.ts";
import { startJoining } from "../index.ts";
import { createCarried } from "./state/carried.ts";
import { plainSentence } from "./state/advice.ts";
import { idleState } from "./state/idle-state.ts";

/** What the panels can ask for. */
export interface PageActions {
  /** Joins, leaving any lattice joined before. */
  join(request: JoinRequest): void;
  /** Joins with the last request once more. */
  rejoin(): void;
  /** Leaves, or gives up joining. */
  leave(): void;
  /** Leaves, and shows the join form. */
  reset(): void;
  start(workload: WorkloadOptions): Promise<void>;
  stop(id: string): Promise<void>;
  call(call: PageCall): Promise<unknown>;
  dismiss(notice: string): void;
  /** Ids of what comes along when the page joins another lattice. */
  carried(): readonly string[];
  /** With what this page asked to join last; without credentials. */
  asked(): NodeOptions | undefined;
}

export interface PageCall {
  readonly target: string;
  readonly instance: string;
  readonly func: string;
  readonly args: readonly unknown[];
}

export interface Session {
  readonly view: View<NodeState>;
  /** The node, from when it has joined until it leaves. */
  readonly node: View<LatticeNode | undefined>;
  /** Sentences for a person, oldest first. */
  readonly notices: View<readonly string[]>;
  /** Adds a sentence to them, once. */
  tell(notice: string): void;
  readonly actions: PageActions;
}

/** A session that has not joined; each join has `always` among its options, and starts `components`. */
export function createSession(
  components: readonly ComponentSetting[],
  always: Pick<JoinOptions, "livingLabels" | "watchdogMs"> = {},
): Session {
  const view = createSource<NodeState>(idleState());
  const node = createSource<LatticeNode | undefined>(undefined);
  const notices = createSource<readonly string[]>([]);
  let last: JoinRequest | undefined;
  let current: { readonly joining: Joining; readonly ended: AbortController } | undefined;

  const tell = (notice: string): void => {
    if (!notices.peek().includes(notice)) notices.set([...notices.peek(), notice]);
  };
  const joinedNode = (): Promise<LatticeNode> => {
    if (current === undefined)
      return Promise.reject(new Error("this page has not joined a lattice"));
    return current.joining.joined;
  };
  const carried = createCarried(components);
  const startAll = async (node: LatticeNode): Promise<void> => {
    await Promise.all(
      carried
        .peek()
        .map((workload) =>
          node
            .start(workload)
            .catch((thrown: unknown) =>
              tell(`${workload.id} did not start. ${sentenceOf(thrown)}`),
            ),
        ),
    );
  };
  const join = (request: JoinRequest): void => {
    current?.ended.abort();
    notices.set([]);
    node.set(undefined);
    last = request;
    const { node: options, credentials, registries, clusterSeed } = request;
    const ended = new AbortController();
    const joining = startJoining({
      ...always,
      ...options,
      ...(credentials === undefined ? {} : { credentials }),
      ...(registries === undefined ? {} : { images: { ...options.images, registries } }),
      ...(clusterSeed === undefined ? {} : { clusterSeed }),
      signal: ended.signal,
    });
    const mine = { joining, ended };
    current = mine;
    const show = (state: NodeState): void => {
      if (current !== mine) return;
      view.set(state);
      carried.saw(state);
      if (state.phase === "stopped" || state.phase === "failed") node.set(undefined);
    };
    joining.view.subscribe(show);
    show(joining.view.peek());
    const begin = (joined: LatticeNode): Promise<void> => {
      if (current === mine) node.set(joined);
      return startAll(joined);
    };
    joining.joined.then(begin).catch(() => {
      // The view shows why joining failed, unless a person gave up: then the form is shown again.
      if (current === mine && ended.signal.aborted) view.set(idleState(options.lattice));
    });
  };

  const actions: PageActions = {
    join,
    rejoin() {
      if (last !== undefined) join(last);
    },
    leave: () => current?.ended.abort(),
    reset() {
      const { lattice } = view.peek();
      current?.ended.abort();
      current = undefined;
      node.set(undefined);
      view.set(idleState(lattice));
    },
    async start(workload) {
      await (await joinedNode()).start(workload);
      carried.started(workload);
    },
    async stop(id) {
      carried.stopped(id);
      await (await joinedNode()).stop(id);
    },
    carried: () => carried.peek().map(({ id }) => id),
    call: async (call) => (await joinedNode()).call(call),
    asked: () => last?.node,
    dismiss: (notice) => notices.set(notices.peek().filter((other) => other !== notice)),
  };
  return { view, node, notices, tell, actions };
}

/** A sentence about anything thrown by a node. */
export function sentenceOf(thrown: unknown): string {
  const code: unknown =
    typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, "code") : undefined;
  return plainSentence(typeof code === "string" ? code : "internal", messageOf(thrown));
}
