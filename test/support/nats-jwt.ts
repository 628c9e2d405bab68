/** Operator mode in small: an operator, one account, and users by JWT (nats-io/jwt v2, `ed25519-nkey`). */
import { nkeys } from "nats.ws";
import type { LaunchOptions } from "./launch-nats.ts";

type KeyPair = ReturnType<typeof nkeys.createUser>;

export interface TestOperator {
  /** For {@link launchNats}. */
  readonly launch: NonNullable<LaunchOptions["operator"]>;
  /** The text of a `.creds` file for a new user of the account. */
  creds(options?: { readonly expiresAtMs?: number }): string;
  /** The JWT of a user with that public key. */
  userJwt(publicKey: string): string;
}

export function createTestOperator(): TestOperator {
  const [operator, account, system] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
  ];
  const accountJwt = (name: string, pair: KeyPair): string =>
    token(name, pair.getPublicKey(), operator, {
      limits: { ...NO_LIMITS, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true },
      type: "account",
      version: 2,
    });
  const userJwt = (publicKey: string, expiresAtMs?: number): string =>
    token(
      "tab",
      publicKey,
      account,
      { pub: {}, sub: {}, ...NO_LIMITS, type: "user", version: 2 },
      expiresAtMs,
    );
  return {
    launch: {
      jwt: token("test operator", operator.getPublicKey(), operator, {
        type: "operator",
        version: 2,
      }),
      systemAccount: system.getPublicKey(),
      accounts: {
        [account.getPublicKey()]: accountJwt("lattice", account),
        [system.getPublicKey()]: accountJwt("SYS", system),
      },
    },
    userJwt,
    creds({ expiresAtMs } = {}) {
      const user = nkeys.createUser();
      const jwt = userJwt(user.getPublicKey(), expiresAtMs);
      const seed = new TextDecoder().decode(user.getSeed());
      return [
        `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n`,
        "Keep this to yourself.\n",
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
      ].join("\n");
    },
  };
}

const NO_LIMITS = { subs: -1, data: -1, payload: -1 };

function token(
  name: string,
  subject: string,
  issuer: KeyPair,
  nats: object,
  expiresAtMs?: number,
): string {
  const claims = {
    jti: `${name} ${subject}`,
    iat: Math.floor(Date.now() / 1000),
    ...(expiresAtMs === undefined ? {} : { exp: Math.floor(expiresAtMs / 1000) }),
    iss: issuer.getPublicKey(),
    name,
    sub: subject,
    nats,
  };
  const text = [{ typ: "JWT", alg: "ed25519-nkey" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = issuer.sign(new TextEncoder().encode(text));
  return `${text}.${Buffer.from(signature).toString("base64url")}`;
}
