/** Who an actor is, by what is in its image; and in-page providers, which have no image. */
import type { Identify } from "../../core/command.ts";
import type { EntityId } from "../../core/ids.ts";

import { LatticeError } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { isPublicNkey } from "../../wire/nkey.ts";
import { publicNkey } from "../../wire/nkey-public.ts";

/**
 * The subject of the claims that were signed into the image. What nobody has signed is refused, unless `allowUnsigned`: then
 * its digest is its key, so that the same bytes are the same actor everywhere.
 */
export function identifier({ allowUnsigned }: { readonly allowUnsigned: boolean }): Identify {
  return ({ claims, digest }) => {
    if (claims !== undefined) {
      if (isPublicNkey(claims.subject, "module")) return entityId(claims.subject);
      const error = `the claims of an actor must be of a module, which has a key that begins with M, met "${claims.subject}"`;
      throw new LatticeError("denied", error);
    }
    if (!allowUnsigned) throw new LatticeError("denied", "claims missing");
    return entityId(publicNkey("module", bytesOf(digest)));
  };
}

/**
 * The key of an in-page provider: it has none of its own, so its reference without options is taken, by SHA-256. Whoever
 * links it can know it before it runs, and all tabs that run it are one provider.
 */
export async function providerKey(reference: string): Promise<EntityId> {
  const [plain = ""] = reference.split("?");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(plain));
  return entityId(publicNkey("service", new Uint8Array(hash)));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
