/**
 * One tab of a lattice of tabs, over time: linked with the arbiter, or the arbiter itself.
 *
 * Who arbitrates is whoever took the last epoch in the store that all share. It holds a lock, so that the next tab hears at
 * once when it ends. When it is silent for half a second while somebody waits for it, whoever noticed takes the next epoch, and
 * the lock. From then on the old one can write nothing, is heard by nobody, and learns of it when it comes round.
 */
import { asLatticeError, type LatticeError } from "../core/error.ts";
import type { ClientEnd, ServerEnd } from "./line.ts";
import { type Arbiter, createArbiter } from "./solo-arbiter.ts";
import { type Link, openLink } from "./solo-link.ts";
import type { Held, SoloPorts } from "./solo-ports.ts";
import { membersIn, type Notice, readNotice, SOLO_NAMES } from "./solo-words.ts";

export interface MemberParts extends SoloPorts {
  /** There is an arbiter: lines to it, which are told all subscriptions at once. */
  readonly attached: (connect: Connect) => void;
  /** They may be used. */
  readonly begun: () => void;
  /** The lines are gone. */
  readonly cut: (reason: string) => void;
  /** This tab cannot use what all share; it tries again. */
  readonly failed: (error: LatticeError) => void;
}

export type Connect = (client: ClientEnd) => ServerEnd;

export interface Member {
  /** Lines to the arbiter that there is; `undefined` while there is none. */
  readonly connect: Connect | undefined;
  /** Whether they may be used. */
  readonly begun: boolean;
  /** Looks whether the arbiter lives. */
  probe(): void;
  close(): void;
}

type Role =
  | { readonly phase: "none" }
  | {
      readonly phase: "linking" | "welcomed" | "linked";
      readonly epoch: number;
      readonly link: Link;
    }
  | { readonly phase: "taking"; readonly epoch: number; readonly held: Held | undefined }
  | {
      readonly phase: "arbiter";
      readonly epoch: number;
      readonly held: Held;
      readonly arbiter: Arbiter;
      readonly begun: boolean;
    }
  | { readonly phase: "closed" };

const isAttached = ({ phase }: Role): boolean =>
  phase === "welcomed" || phase === "linked" || phase === "arbiter";

const TRY_AGAIN_MS = 1_000;

/** @throws {LatticeError} `unsupported` when the browser denies storage. */
export async function createMember(parts: MemberParts): Promise<Member> {
  const { locks, store, clock, log, unique, openChannel } = parts;
  const id = unique();
  /** The last epoch that was heard of. */
  let known = 0;
  let role: Role = { phase: "none" };
  /** Waits for the lock while this tab does not hold it. */
  let line: AbortController | undefined;
  const ended = new AbortController();

  const isClosed = (): boolean => ended.signal.aborted;
  const say = (notice: Notice): void => all.post(notice);

  /** Ends what this tab is at the moment; its lines are cut. */
  const leaveRole = (next: Role, reason: string): void => {
    const before = role;
    role = next;
    if (isAttached(before)) parts.cut(reason);
    if ("link" in before) before.link.close();
    if (before.phase === "arbiter") before.arbiter.close();
    if (before.phase === "arbiter" || before.phase === "taking") before.held?.release();
  };

  /** Asks the arbiter of the last epoch for a link. If it is silent there is to be another one. */
  const seek = (reason: string): void => {
    if (isClosed()) return;
    const epoch = known;
    const token = unique();
    const mine = (): boolean => "link" in role && role.link === link;
    leaveRole({ phase: "none" }, reason);
    standInLine();
    const link = openLink({
      epoch,
      token,
      openChannel,
      clock,
      hello: () => say({ type: "hello", epoch, member: id, token }),
      welcomed() {
        if (!mine()) return;
        role = { phase: "welcomed", epoch, link };
        parts.attached(link.connect);
      },
      begun() {
        if (!mine()) return;
        role = { phase: "linked", epoch, link };
        log.debug("solo.linked", { epoch });
        parts.begun();
      },
      silent() {
        if (mine()) void replace(epoch); // tells of its failures
      },
      cut(why) {
        if (mine()) seek(why);
      },
    });
    role = { phase: "linking", epoch, link };
  };

  const standInLine = (): void => {
    if (line !== undefined || isClosed()) return;
    line = new AbortController();
    void waitForOffice(line); // tells of its failures
  };
  const waitForOffice = async (mine: AbortController): Promise<void> => {
    let held: Held;
    try {
      held = await locks.wait(SOLO_NAMES.office, mine.signal);
    } catch {
      return; // it took the lock in another way, or has ended
    }
    if (line === mine) line = undefined;
    if (isClosed() || mine.signal.aborted) held.release();
    else await succeed(held);
  };
  /** Whoever steals the lock has the next epoch, and says so; should that be missed, this is heard. */
  const heed = async (held: Held): Promise<void> => {
    await held.lost;
    if ("held" in role && role.held === held) seek("another tab took over");
  };

  /** The lock came to this tab: the one that had it has ended. */
  const succeed = async (held: Held): Promise<void> => {
    const taking: Role = { phase: "taking", epoch: known, held };
    leaveRole(taking, "the arbiter has left");
    void heed(held); // does not fail
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- somebody else may take an epoch meanwhile
        const last = await store.last();
        const epoch = Math.max(known, last.epoch) + 1;
        // oxlint-disable-next-line no-await-in-loop -- as above
        if (!(await store.take({ epoch, by: id }))) continue;
        if (role === taking) await enter(held, epoch, last.by);
        else held.release();
        return;
      }
    } catch (thrown) {
      if (role === taking) fail(thrown);
    }
  };

  /** Takes the place of an arbiter that is silent, unless somebody else has done so. */
  const replace = async (silent: number): Promise<void> => {
    const taking: Role = { phase: "taking", epoch: silent, held: undefined };
    log.warn("solo.arbiter-silent", { epoch: silent });
    leaveRole(taking, "the arbiter is silent");
    try {
      const last = await store.last();
      const next = { epoch: silent + 1, by: id };
      // Less, where somebody has cleared what this origin keeps.
      const taken = last.epoch <= silent && (await store.take(next));
      if (role !== taking) return;
      if (!taken) {
        known = Math.max(known, last.epoch, next.epoch);
        return seek("another tab took over");
      }
      line?.abort();
      line = undefined;
      const held = await locks.steal(SOLO_NAMES.office);
      void heed(held); // does not fail
      if (role === taking) await enter(held, next.epoch, last.by);
      else held.release();
    } catch (thrown) {
      if (role === taking) fail(thrown);
    }
  };

  /** Becomes the arbiter of an epoch that this tab has taken, in the place of `former`. */
  const enter = async (held: Held, epoch: number, former: string): Promise<void> => {
    const taking: Role = { phase: "taking", epoch, held };
    role = taking;
    known = Math.max(known, epoch);
    say({ type: "office", epoch, ready: false });
    try {
      const [streams, all] = await Promise.all([store.load(), locks.held()]);
      if (role !== taking) return held.release();
      const others = membersIn(all).filter((other) => other !== id && other !== former);
      const fenced = (): void => {
        if (role.phase === "arbiter" && role.epoch === epoch) void concede();
      };
      const arbiter = createArbiter({ ...parts, epoch, streams, others, fenced });
      const mine: Role = { phase: "arbiter", epoch, held, arbiter, begun: false };
      role = mine;
      say({ type: "office", epoch, ready: true });
      log.info("solo.arbiter", { epoch, others: others.length });
      parts.attached((client) => arbiter.accept(client));
      await arbiter.gathered;
      if (role !== mine) return;
      role = { ...mine, begun: true };
      parts.begun();
    } catch (thrown) {
      if (role === taking) fail(thrown);
    }
  };

  /** A write was refused: there is a later epoch, and this tab has not heard of it yet. */
  const concede = async (): Promise<void> => {
    const last = await store.last().catch(() => undefined);
    if (role.phase !== "arbiter" || isClosed()) return;
    known = Math.max(known, last?.epoch ?? 0);
    seek("another tab took over");
  };

  const fail = (thrown: unknown): void => {
    const error = asLatticeError(thrown);
    log.error("solo.failed", { error: error.message });
    leaveRole({ phase: "none" }, error.message);
    parts.failed(error);
    clock.after(TRY_AGAIN_MS, () => {
      if (role.phase === "none") seek("trying again");
    });
  };

  const hear = (posted: unknown): void => {
    const notice = readNotice(posted);
    if (notice === undefined || isClosed()) return;
    const { epoch } = notice;
    if (notice.type === "hello") return hearHello(notice);
    if (epoch < known) {
      // It does not know that its time is over.
      if (role.phase === "arbiter") say({ type: "office", epoch: role.epoch, ready: true });
      return;
    }
    const isNew = epoch > known;
    known = epoch;
    if (notice.type === "left") {
      if ("link" in role) seek("the arbiter has left");
    } else if (isNew) {
      seek("another tab took over");
    } else if (role.phase === "linking" && role.epoch === epoch) {
      if (notice.ready) seek("the arbiter is ready");
      else role.link.alive();
    }
  };
  const hearHello = ({ epoch, member, token }: Notice & { readonly type: "hello" }): void => {
    if (role.phase === "arbiter" && role.epoch === epoch) role.arbiter.welcome(member, token);
    else if (epoch > known && role.phase === "arbiter") void concede();
    else if (role.phase === "arbiter" || role.phase === "taking") {
      say({ type: "office", epoch: role.epoch, ready: role.phase === "arbiter" });
    }
  };

  const all = openChannel(SOLO_NAMES.all, hear);
  let alive: Held | undefined;
  try {
    alive = await locks.wait(SOLO_NAMES.member(id), ended.signal);
    known = Math.max(known, (await store.last()).epoch);
  } catch (thrown) {
    alive?.release();
    all.close();
    throw thrown;
  }
  if (role.phase === "none") seek("joining");

  return {
    get connect() {
      if (role.phase === "welcomed" || role.phase === "linked") return role.link.connect;
      if (role.phase !== "arbiter") return undefined;
      const { arbiter } = role;
      return (client: ClientEnd) => arbiter.accept(client);
    },
    get begun() {
      return role.phase === "linked" || (role.phase === "arbiter" && role.begun);
    },
    probe() {
      if (role.phase === "linked") role.link.probe();
    },
    close() {
      if (isClosed()) return;
      ended.abort();
      line?.abort();
      if (role.phase === "arbiter") say({ type: "left", epoch: role.epoch });
      if ("link" in role) role.link.close("bye");
      leaveRole({ phase: "closed" }, "this tab has left");
      alive?.release();
      all.close();
      store.close();
    },
  };
}
