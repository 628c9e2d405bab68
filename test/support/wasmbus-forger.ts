/** Invocations of 0.82 as an intruder without the cluster's seed would make them, and the genuine ones they are made of. */
import type { Entity } from "../../src/dialects/v0/entity.ts";
import type { Invocation } from "../../src/dialects/v0/invocation.ts";
import type { Ed25519 } from "../../src/wire/ed25519.ts";
import type { Forgery, Random } from "./wasmbus-cast.ts";

import { writeInvocation } from "../../src/dialects/v0/invocation.ts";
import { publicNkey } from "../../src/wire/nkey-public.ts";
import { argumentOf, createCast } from "./wasmbus-cast.ts";
import { createForgeries } from "./wasmbus-forgeries.ts";
import { damaged } from "./wasmbus-damage.ts";
import { misspelled, respelled } from "./wasmbus-spellings.ts";

export interface Forger {
  /** Public nkey of the cluster that is trusted. */
  readonly issuer: string;
  /** The actor that they are for. */
  readonly target: Entity;
  genuine(argument?: Uint8Array): Promise<Invocation>;
  /** A genuine one in any of the spellings that mean the same. */
  respelled(random: Random): Promise<Uint8Array>;
  /** A forgery by the kind that `random` chooses. */
  forge(random: Random): Promise<Forgery>;
}

/** Which of them are sent as they were written, in another spelling, in none that means anything; the rest is damaged. */
const [PLAIN, RESPELLED, MISSPELLED] = [0.55, 0.75, 0.85];

export async function createForger(ed25519: Ed25519): Promise<Forger> {
  const cast = await createCast(ed25519);
  const { cluster, target, make } = cast;
  const kinds = createForgeries(cast);
  const names = Object.keys(kinds);
  return {
    issuer: publicNkey("cluster", cluster.publicKey),
    target,
    genuine: (argument = Uint8Array.of(1, 2, 3)) => make(argument),
    respelled: async (random) => respelled(await make(argumentOf(random)), random),
    async forge(random) {
      const name = names[Math.floor(random() * names.length)] ?? "";
      const made = await kinds[name]?.(random);
      if (made === undefined) throw new Error(`no kind of forgery is named ${name}`);
      const { invocation, ...rest } = made;
      const way = random();
      if (way < PLAIN) return { name, data: writeInvocation(invocation), ...rest };
      if (way < RESPELLED) {
        return { name: `${name}, respelled`, data: respelled(invocation, random), ...rest };
      }
      if (way < MISSPELLED) {
        const plain = random() < 0.5 ? invocation : await make(argumentOf(random));
        const data = misspelled(plain, random);
        return { name: "a misspelled one", data, expected: "unreadable" };
      }
      // Whatever damage may undo of a forgery, it does not undo this.
      const msg = Uint8Array.of(...invocation.msg, 6, 6, 6, 6);
      const data = damaged(writeInvocation({ ...invocation, msg }), random);
      return { name: `${name}, damaged`, data, expected: "not genuine" };
    },
  };
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
