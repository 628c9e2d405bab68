import { expect, test } from "vitest";

import { npmCall, washCall } from "../../../src/page/state/call-commands.ts";
import { parseWitFunc } from "../../../src/wire/wit-text.ts";

const call = {
  target: "hello",
  instance: "inlay:demo/greeter@1.0.0",
  func: "greet",
  args: [`"it's"`, "[1, 2]"],
  type: parseWitFunc("func(name: string, at: list<u8>) -> string"),
  lattice: "edge",
  server: "wss://nats.example:443",
};

test("npm run call has the values in WAVE, quoted, and the file with the types", () => {
  expect(npmCall(call)).toEqual({
    command: String.raw`npm run call -- hello inlay:demo/greeter@1.0.0.greet '"it'\''s"' '[1, 2]' --wit greeter.wit --servers wss://nats.example:443 --lattice edge`,
    wit: "greeter.wit",
  });
});

test("a function without parameters that gives a string needs no types and no address of this machine", () => {
  const simple = { ...call, func: "hello", args: [], type: parseWitFunc("func() -> string") };

  expect(npmCall({ ...simple, lattice: "default", server: "ws://127.0.0.1:8080/nats" })).toEqual({
    command: "npm run call -- hello inlay:demo/greeter@1.0.0.hello",
  });
  expect(washCall(simple)).toEqual({
    command: "wash call hello inlay:demo/greeter@1.0.0.hello --lattice edge",
  });
});

test("wash calls what takes nothing and gives a string, and HTTP handlers; of others it is said why not", () => {
  const http = { ...call, instance: "wasi:http/incoming-handler@0.2.2", func: "handle" };

  expect(washCall(call)).toEqual({ why: expect.stringMatching(/passes no arguments/) });
  expect(washCall({ ...call, type: parseWitFunc("func() -> u32") })).toEqual({
    why: expect.stringMatching(/one string/),
  });
  expect(washCall(http)).toEqual({
    command: "wash call hello wasi:http/incoming-handler.handle --lattice edge",
  });
});
