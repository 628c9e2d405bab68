import { expect, test } from "vitest";

import { bring, type Machine, type Tool } from "../../../src/cli/tools.ts";

const TOOL: Tool = {
  name: "nats-server",
  commands: ["nats-server"],
  variable: "INLAY_NATS_SERVER",
  debianPackage: "nats-server",
  brew: "brew install nats-server",
  elsewhere: "go install it",
};

interface Fake extends Machine {
  /** Commands that were run, and within which bounds. */
  readonly ran: string[];
  readonly said: string[];
}

interface FakeOptions {
  readonly env?: Record<string, string>;
  readonly programs?: readonly string[];
  readonly root?: boolean;
  readonly system?: Machine["system"];
  /** Whether apt knows the package before `apt-get update`. */
  readonly listed?: boolean;
  readonly failures?: number;
}

function machine(options: FakeOptions = {}): Fake {
  const programs = new Set(options.programs);
  const ran: string[] = [];
  const said: string[] = [];
  const state = { quiet: false, failures: options.failures ?? 0 };
  return {
    ran,
    said,
    env: { PATH: "/home/bin:/usr/bin", ...options.env },
    root: options.root ?? true,
    system: options.system ?? "debian",
    isExecutable: (path) => programs.has(path),
    run(command, args, env = {}) {
      ran.push(`${state.quiet ? "quiet " : ""}${command} ${args.join(" ")}`);
      if (command === "apt-cache") {
        return { code: 0, stdout: `  Candidate: ${options.listed === false ? "(none)" : "2.9"}` };
      }
      if (args[0] === "update") return { code: 0, stdout: "" };
      expect(env["DEBIAN_FRONTEND"]).toBe("noninteractive");
      if (state.failures-- > 0) return { code: 100, stdout: "" };
      programs.add("/usr/sbin/nats-server");
      return { code: 0, stdout: "" };
    },
    withoutServices(work) {
      state.quiet = true;
      try {
        return work();
      } finally {
        state.quiet = false;
      }
    },
    say: (line) => said.push(line),
  };
}

test("the variable wins over what is in PATH", () => {
  const env = { INLAY_NATS_SERVER: "/opt/mine" };
  const fake = machine({ env, programs: ["/usr/bin/nats-server", "/opt/mine"] });

  const path = bring(TOOL, fake);

  expect(path).toBe("/opt/mine");
});

test("a variable that names no program is an error, not a search", () => {
  const fake = machine({
    env: { INLAY_NATS_SERVER: "/opt/gone" },
    programs: ["/usr/bin/nats-server"],
  });

  expect(() => bring(TOOL, fake)).toThrow(expect.objectContaining({ code: "bad-input" }));
});

test.each(["/home/bin/nats-server", "/usr/sbin/nats-server", "/opt/homebrew/bin/nats-server"])(
  "%s is found and nothing is installed",
  (program) => {
    const fake = machine({ programs: [program] });

    const path = bring(TOOL, fake);

    expect(path).toBe(program);
    expect(fake.ran).toEqual([]);
  },
);

test("root on Debian gets it from apt-get, announced, without its service", () => {
  const fake = machine();

  const path = bring(TOOL, fake);

  expect(path).toBe("/usr/sbin/nats-server");
  expect(fake.said[0]).toContain("apt-get");
  expect(fake.ran).toEqual([
    "quiet apt-cache policy nats-server",
    "quiet apt-get install --yes --no-install-recommends nats-server",
  ]);
});

test.each([
  { title: "do not know the package", options: { listed: false }, attempts: 1 },
  { title: "are older than the archive", options: { failures: 1 }, attempts: 2 },
])("lists that $title are updated", ({ options, attempts }) => {
  const fake = machine(options);

  const path = bring(TOOL, fake);

  expect(path).toBe("/usr/sbin/nats-server");
  expect(fake.ran.filter((line) => line.includes("update"))).toHaveLength(1);
  expect(fake.ran.filter((line) => line.includes("install"))).toHaveLength(attempts);
});

test.each<{ options: FakeOptions; command: string }>([
  {
    options: { root: false },
    command: "sudo apt-get update && sudo apt-get install --no-install-recommends nats-server",
  },
  {
    options: { env: { INLAY_NO_INSTALL: "1" } },
    command: "apt-get update && apt-get install --no-install-recommends nats-server",
  },
  { options: { system: "macos" }, command: "brew install nats-server" },
  { options: { system: "other" }, command: "go install it" },
])("where nothing may be installed the error says: $command", ({ options, command }) => {
  const fake = machine(options);

  expect(() => bring(TOOL, fake)).toThrow(
    expect.objectContaining({ code: "not-found", message: expect.stringContaining(command) }),
  );
  expect(fake.ran).toEqual([]);
});

test("an installation that fails ends with the command to type", () => {
  const fake = machine({ failures: 2 });

  expect(() => bring(TOOL, fake)).toThrow(expect.objectContaining({ code: "not-found" }));
  expect(fake.said.at(-1)).toContain("code 100");
});
