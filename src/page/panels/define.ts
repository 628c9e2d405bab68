/** The tags of the page's elements. */
import { AdvicePanel } from "./advice.ts";
import { BrowserKeyField } from "./browser-key.ts";
import { CallsPanel } from "./calls.ts";
import { ComponentsPanel } from "./components.ts";
import { CopyButton } from "./copy-button.ts";
import { InvitePanel } from "./invite.ts";
import { JoinForm } from "./join-form.ts";
import { LogPanel } from "./log.ts";
import { InlayPage } from "./page.ts";
import { QrCode } from "./qr-code.ts";
import { StartForm } from "./start-form.ts";
import { TryCall } from "./try-call.ts";
import { ViewSlot } from "./view-slot.ts";

const PANELS: Readonly<Record<string, CustomElementConstructor>> = {
  "inlay-advice": AdvicePanel,
  "inlay-browser-key": BrowserKeyField,
  "inlay-calls": CallsPanel,
  "inlay-components": ComponentsPanel,
  "inlay-copy": CopyButton,
  "inlay-invite": InvitePanel,
  "inlay-join": JoinForm,
  "inlay-log": LogPanel,
  "inlay-qr": QrCode,
  "inlay-start": StartForm,
  "inlay-try": TryCall,
  "inlay-view": ViewSlot,
  // The page itself comes last: it renders at once, with elements that are known by then.
  "inlay-page": InlayPage,
};

export function definePanels(): void {
  for (const [tag, panel] of Object.entries(PANELS)) customElements.define(tag, panel);
}
