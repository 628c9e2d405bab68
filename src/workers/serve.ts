/**
 * Serves one component over a port: keeps instances ready, gives each call a fresh one, and passes on what guests import.
 * Has nothing but its channel to the runtime.
 */
import type { ComponentAnswers, ComponentHostMethods, GuestAnswer } from "../channels/component.ts";
import type { GuestTimes } from "../core/call-probe.ts";
import type { Port } from "../channels/rpc.ts";
import type { WitValue } from "../core/wit.ts";
import type { Guest, GuestParts } from "./guest.ts";

import { bigBuffers } from "../channels/port.ts";
import { createRelease } from "../channels/release.ts";
import { answer, remote, transferring } from "../channels/rpc.ts";
import { portOfWorker } from "../channels/spawn.ts";
import { LatticeError, messageOf } from "../core/error.ts";
import { createCompanions } from "./companions.ts";
import { createGuest } from "./guest.ts";
import { createMeter } from "./meter.ts";
import { strip } from "./scope.ts";
import { createTurns } from "./turns.ts";

/** Serves what the worker with `scope` is given by {@link portOfWorker}; `wasi` makes what guests get of WASI. */
export function serveComponent(scope: Port, wasi: GuestParts["wasi"]): void {
  // Its own copy of the scope's methods: the scope loses them.
  const own: Port = {
    postMessage: scope.postMessage.bind(scope),
    addEventListener: scope.addEventListener.bind(scope),
  };
  void portOfWorker(own).then((port) => serve(port, wasi));
}

function serve(port: Port, wasi: GuestParts["wasi"]): void {
  const life = new AbortController();
  const release = createRelease();
  let blocks = false;
  const host = remote<ComponentHostMethods>(port, life.signal, {
    // A guest may compute for long, or block, before this turn is over.
    immediate: (method) => blocks || method === "said",
  });
  let guest: Guest | undefined;
  const prepared = (): Guest => {
    if (guest === undefined) throw new LatticeError("internal", "the worker has no component yet");
    return guest;
  };
  const complain = (thrown: unknown): void => {
    // A host that cannot hear of it has ended this worker.
    host.complained(messageOf(thrown)).catch(() => undefined);
  };
  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    complain(event.reason);
  });
  const meter = createMeter();
  const turns = createTurns(() => companions.tell());
  const companions = createCompanions({
    host,
    turns,
    open(setup, print) {
      const own = (thrown: unknown): void => complain(`${setup.name}: ${messageOf(thrown)}`);
      return createGuest(setup, { host, complain: own, release, wasi, print, meter });
    },
  });
  const answered = (results: readonly WitValue[], times?: GuestTimes): GuestAnswer => {
    const report = companions.report();
    const answer = {
      results,
      ...(report === undefined ? {} : { report }),
      ...(times === undefined ? {} : { times }),
    };
    return transferring(answer, bigBuffers(results));
  };
  const methods: ComponentAnswers = {
    async prepare(setup) {
      if (guest !== undefined) throw new LatticeError("internal", "this worker has its component");
      blocks = setup.mode === "atomics";
      strip(self);
      guest = createGuest(setup, { host, complain, release, wasi, nearby: companions, meter });
      await guest.ready;
    },
    call(call) {
      turns.begin(performance.now());
      let times: GuestTimes | undefined;
      const took = call.timed === true ? (taken: GuestTimes) => void (times = taken) : undefined;
      const later = prepared().call(call, took);
      if (!(later instanceof Promise)) return answered(later, times);
      return later.then(
        (results) => answered(results, times),
        (thrown: unknown) => {
          companions.tell();
          throw thrown;
        },
      );
    },
    async vitals() {
      meter.asked();
      const all = [prepared(), ...companions.guests()].map((each) => each.vitals());
      const sum = (figure: "instances" | "memoryBytes"): number =>
        all.reduce((total, each) => total + each[figure], 0);
      return {
        instances: sum("instances"),
        memoryBytes: sum("memoryBytes"),
        ranMs: meter.ranMs,
      };
    },
    accompany: (...given) => companions.accompany(...given),
    entrust: (entrusted) => companions.entrust(entrusted),
    dismiss: (companion) => companions.dismiss(companion),
    cancel: async (callId) => prepared().cancel(callId),
    drop: async (resident, slot) => prepared().drop(resident, slot),
    ping: () => Promise.resolve(),
  };
  answer(port, methods, life.signal);
}
