/** Offers that the host answers by itself: they are only named here, so that entries find them and heartbeats tell them. */
import type { Offer } from "../../core/offer.ts";

/** Values of the entry, of the component, and of its environment. */
export const configOffer: Offer = {
  id: "wasi-config",
  imports: [{ namespace: "wasi", package: "config", version: "0.2.0-rc.1", interfaces: ["store"] }],
  exports: [],
  named: false,
};

/** Goes to the node's log. */
export const loggingOffer: Offer = {
  id: "wasi-logging",
  imports: [
    { namespace: "wasi", package: "logging", version: "0.1.0-draft", interfaces: ["logging"] },
  ],
  exports: [],
  named: false,
};
