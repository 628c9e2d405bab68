import { expect, test } from "vitest";
import { serverAddress } from "../../../src/bus/server-address.ts";
import { withCode } from "../../contract/bus.ts";

test.each([
  ["ws://host:80/nats?x=1", { url: "ws://host/nats?x=1", shown: "ws://host" }],
  [" wss://host:4223 ", { url: "wss://host:4223/", shown: "wss://host:4223" }],
  ["ws://[::1]:8080/#t=1", { url: "ws://[::1]:8080/", shown: "ws://[::1]:8080" }],
])("reads %j", (text, expected) => {
  expect(serverAddress(text)).toEqual({ ...expected, credentials: undefined });
});

test.each([
  ["ws://tab:p%40ss@host", { user: "tab", pass: "p@ss" }],
  ["ws://t0ken@host", { token: "t0ken" }],
])("takes credentials out of %s", (text, credentials) => {
  expect(serverAddress(text)).toEqual({ url: "ws://host/", shown: "ws://host", credentials });
});

test.each(["", "host:4222", "http://host", "nats://host", "//host", "ws://"])(
  "refuses %j",
  (text) => {
    expect(() => serverAddress(text)).toThrow(withCode("bad-input"));
  },
);

test.each([
  ["https://lattice.example/nats?jwt=SECRET", "https://lattice.example"],
  ["nats://tab:SECRET@lattice.example:4222#SECRET", "nats://lattice.example:4222"],
  ["ws://tab:SEC/RET@lattice.example", "…"],
  ["ws://tab:SECRET@", "…"],
  ["lattice.example:4222?jwt=SECRET@x", "…"],
  ["lattice.example:4222", "lattice.example:4222"],
])("an error about %s shows %s of it", (text, shown) => {
  const refused = refusal(text);

  expect(refused).toMatchObject({ code: "bad-input" });
  expect(refused.message).toContain(`server "${shown}" must be`);
  expect(refused.message).not.toMatch(/SEC|RET/);
});

test.each(["ws://SECRET%@host", "ws://tab:SECRET%zz@host"])(
  "credentials that are no percent-encoding are refused without being shown: %s",
  (text) => {
    const refused = refusal(text);

    expect(refused).toMatchObject({ code: "bad-input" });
    expect(refused.message).toContain('server "ws://host"');
    expect(refused.message).not.toContain("SECRET");
  },
);

test("takes NATS's own schemes where they are asked for", () => {
  const { url, shown } = serverAddress("nats://tab:pw@host:4222", ["nats"]);

  expect([url, shown]).toEqual(["nats://host:4222", "nats://host:4222"]);
});

function refusal(text: string): Error {
  try {
    serverAddress(text);
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
  }
  throw new Error(`${text} was taken`);
}
