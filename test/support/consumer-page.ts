/** The page of a built app (`consumer.ts`) in a browser, with a nats-server and a component. */
import type { Consumer } from "./consumer.ts";
import type { TestBrowser } from "./tabs.ts";

import { serveFolder } from "./folder-server.ts";
import { serveImages } from "./image-server.ts";
import { launchNats } from "./launch-nats.ts";

/** What the app writes when its component has answered, or what it fails with; and whether its badge is one. */
export async function greetingOf({ dist }: Consumer, browser: TestBrowser): Promise<unknown> {
  await using site = await serveFolder(dist);
  await using nats = await launchNats();
  await using images = await serveImages();
  const query = new URLSearchParams({ server: nats.ws, image: images.url("hello.wasm") });
  const tab = await browser.open(`${site.url}?${query.toString()}`);
  // Awaited here: what is used ends when this function returns.
  return await tab.run(`
    const text = () => document.body.innerText.trim();
    await new Promise((resolve, reject) => {
      addEventListener("unhandledrejection", ({ reason }) => reject(reason));
      addEventListener("error", ({ message }) => reject(new Error(message)));
      const look = () => text().includes("Hello") && resolve();
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
      look();
    });
    return {
      text: document.body.lastChild.textContent,
      badge: document.querySelector("lattice-host").shadowRoot !== null,
    };`);
}
