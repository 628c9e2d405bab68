/** All that a node offers to components of sets. What a page cannot do, or has no offer for, is not here: it is declined. */
import type { Offer } from "../../core/offer.ts";

import { configOffer, loggingOffer } from "./host-answered.ts";
import { httpOffer } from "./http-outgoing.ts";
import { keyvalueChoiceOffer, keyvalueOffer } from "./keyvalue.ts";
import { messagingOffer } from "./messaging.ts";

export const OFFERS: readonly Offer[] = [
  configOffer,
  loggingOffer,
  httpOffer(),
  keyvalueOffer,
  keyvalueChoiceOffer,
  messagingOffer,
];
