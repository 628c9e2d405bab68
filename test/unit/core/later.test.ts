import { describe, expect, test, vi } from "vitest";

import { LatticeError } from "../../../src/core/error.ts";
import { later } from "../../../src/core/later.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { withCode } from "../../contract/bus.ts";

const clock = (): ReturnType<typeof fakeClock> => fakeClock(0);

describe("later", () => {
  test("loads once, for all who need it, and not before", async () => {
    const load = vi.fn<() => Promise<object>>(async () => ({ part: true }));
    const part = later(clock(), "a part", load);
    expect(load).not.toHaveBeenCalled();

    const [first, second] = await Promise.all([part(), part(new AbortController().signal)]);

    expect(first).toBe(second);
    expect(await part()).toBe(first);
    expect(load).toHaveBeenCalledTimes(1);
  });

  test("says what could not be loaded and what to do, and tries again for the next one", async () => {
    const answers = [() => Promise.reject(new TypeError("Failed to fetch")), async () => "here"];
    const part = later(clock(), "object stores", () => answers.shift()?.() ?? Promise.reject());

    const refused = part();
    await expect(refused).rejects.toThrow(withCode("unsupported"));
    await expect(refused).rejects.toThrow(/object stores.*reload the page/);

    expect(await part()).toBe("here");
  });

  test("passes on what the part itself says", async () => {
    const part = later(clock(), "a part", () =>
      Promise.reject(new LatticeError("closed", "the runtime has ended")),
    );

    await expect(part()).rejects.toThrow(withCode("closed"));
  });

  test("does not wait for ever for a server that is silent", async () => {
    const time = clock();
    const part = later(time, "a part", () => new Promise<never>(() => undefined));
    const waiting = part();

    time.advance(30_000);

    await expect(waiting).rejects.toThrow(withCode("deadline"));
  });

  test("whoever gives up is told why, and the others go on waiting", async () => {
    let arrive = (_value: string): void => undefined;
    const part = later(
      clock(),
      "a part",
      () => new Promise<string>((resolve) => (arrive = resolve)),
    );
    const given = new AbortController();
    const impatient = part(given.signal);
    const patient = part();

    given.abort(new LatticeError("aborted", "the start was given up"));
    await expect(impatient).rejects.toThrow(/given up/);
    arrive("here");

    expect(await patient).toBe("here");
    await expect(part(given.signal)).rejects.toThrow(withCode("aborted"));
  });
});
