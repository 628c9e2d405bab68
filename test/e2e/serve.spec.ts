/** The web app that the README begins with, as it is printed there: it serves a function, and calls it through the lattice. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import type { JoinedTab, Tab, TestBrowser } from "../support/tabs.ts";

import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";

const README = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");
const [, APP = ""] = /```html\n(<!doctype html>\n[\s\S]*?)```/.exec(README) ?? [];
const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
const SUBJECT = "default.greeter.wrpc.0.0.1.demo:api/greeter.greet";

/** Opens the README's page, with the addresses of this machine in the place of its own. */
async function openApp(browser: TestBrowser, base: string, ws: string): Promise<Tab> {
  const html = APP.replace("https://lattice.example/", base).replace(
    "wss://lattice.example/nats",
    ws,
  );
  const tab = await browser.open(`${base}inlay.json`);
  await tab.run("document.open(); document.write(arg); document.close();", html);
  return tab;
}

/** Sends the form; gives what is shown then. */
function greet(tab: Tab, name: string): Promise<unknown> {
  return tab.run(
    `const [form] = document.forms;
     const output = form.querySelector("output");
     form.querySelector("input").value = arg;
     output.value = "";
     form.requestSubmit();
     while (output.value === "") await new Promise(requestAnimationFrame);
     return output.value;`,
    name,
  );
}

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: the README's page serves a function to the lattice and calls it, and a second tab shares the calls`, async () => {
    expect(APP.split("\n").length).toBeLessThan(26);
    await using server = await startInlay();
    await using browser: TestBrowser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);

    const first = await openApp(browser, server.page, server.ws);
    const ready = (tab: Tab) => tab.run("return document.forms[0]?.onsubmit != null");
    await expect.poll(() => ready(first), { timeout: 30_000 }).toBe(true);
    const shown = await greet(first, "Grace");
    const { bytes } = await peer.invoke(SUBJECT, text("Ada"));
    const other: JoinedTab = await joinFrom(browser, server.page, { servers: [server.ws] });
    const called = await other.run(
      `const wit = "package demo:api; interface greeter { greet: func(name: string) -> string; }";
       globalThis.answered = 0;
       await node.serve(wit, { id: "greeter" }, {
         "demo:api/greeter": { greet: (name) => (answered++, "Hello, " + name + ", from a web page!") },
       });
       const { "demo:api/greeter": greeter } = await node.client(wit, "greeter");
       const refused = await greeter.greet(5).catch(({ code, message }) => ({ code, message }));
       return [await greeter.greet("Linus"), refused];`,
    );
    const shownAs = (): Promise<unknown> =>
      other.run("return node.view.peek().providers.map(({ id, image }) => [id, image])");
    await expect.poll(shownAs).toEqual([["greeter", "inlay:///page/greeter"]]);
    const share = async (): Promise<unknown> => {
      await peer.invoke(SUBJECT, text("Ada"));
      return other.run("return answered > 1");
    };
    await expect.poll(share).toBe(true);
    await first.close();
    const alone = await peer.invoke(SUBJECT, text("Ada"));
    await other.close();
    await expect
      .poll(async () => (await peer.invoke(SUBJECT, text("Ada"), { timeoutMs: 1000 })).outcome)
      .toBe("no-responders");

    expect(shown).toBe("Hello, Grace, from a web page!");
    const hello = text("Hello, Ada, from a web page!").toString("hex");
    expect(Buffer.from(bytes).toString("hex")).toBe(hello);
    expect(called).toEqual([
      "Hello, Linus, from a web page!",
      {
        code: "bad-input",
        message: "demo:api/greeter#greet: name: expected string, met number 5",
      },
    ]);
    expect(Buffer.from(alone.bytes).toString("hex")).toBe(hello);
  });
}
