/** The page: reads what it is to do, joins if it may, and shows the node. */
import type { NodeState } from "../index.ts";

import { definePanels } from "./panels/define.ts";
import { InlayPage } from "./panels/page.ts";
import { watchShell } from "./newer.ts";
import { createSession } from "./session.ts";
import { readStart, watchFragment } from "./site.ts";
import { documentState, writeDocumentState } from "./state/document-state.ts";
import { failedState } from "./state/idle-state.ts";
import { fieldsOf } from "./state/join-form.ts";
import { offerRows } from "./state/offer.ts";

const { settings, credentials, local } = await readStart();
// Only now, so that a page which joins by itself never shows the form.
definePanels();
const page = document.querySelector("inlay-page");
if (!(page instanceof InlayPage)) throw new Error("index.html has no <inlay-page>");

const session = createSession(settings.components);

const show = (state: NodeState): void => {
  writeDocumentState(document.documentElement, documentState(state));
  document.title = state.friendlyName === undefined ? "Inlay" : `${state.friendlyName} – Inlay`;
  page.state = state;
};
page.actions = session.actions;
page.base = settings.node;
page.fields = fieldsOf(settings.node, credentials);
// What the site itself sets up is no offer of somebody's link.
page.offered = local ? [] : offerRows(settings, credentials, Date.now());
page.local = local;
page.notices = settings.complaints;
session.view.subscribe(show);
session.node.subscribe((node) => {
  page.node = node;
});
session.notices.subscribe((notices) => {
  page.notices = notices;
});

if (!isSecureContext) {
  show(
    failedState(
      "insecure-context",
      `This page came from ${location.origin}. Browsers let only https and localhost run a host.`,
    ),
  );
} else if (settings.autojoin && settings.node.servers.length > 0) {
  session.actions.join({ node: settings.node, credentials });
} else {
  show(session.view.peek());
}

/** A fragment that comes into an open page is none that it loads with: its secret leaves the address all the same. */
watchFragment(({ credentials: late, complaints }) => {
  for (const complaint of complaints) session.tell(complaint);
  if (late === undefined) return;
  if (page.state.phase === "idle") {
    page.fields = fieldsOf(settings.node, late);
    page.offered = offerRows(settings, late, Date.now());
  } else {
    session.tell("A credential came with the address. It was taken out of it, and is not used.");
  }
});

watchShell((notice) => session.tell(notice));
