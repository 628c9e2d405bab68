/**
 * What is kept from those who watch calls: values whose name says that they are secret, and text that looks like it.
 *
 * It is careful, not exact: rather too much is hidden than too little. What looks like anything else, under a name like any
 * other, is shown.
 */
import { namesIn, withoutValues } from "./named-values.ts";

/** Stands for what is hidden. */
export const HIDDEN = "‹redacted›";

/** In names without their separators. */
const WORDS = [
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "pwd",
  "secret",
  "token",
  "jwt",
  "bearer",
  "authoriz",
  "authentic",
  "cookie",
  "credential",
  "creds",
  "seed",
  "nkey",
  "apikey",
  "authkey",
  "accesskey",
  "privatekey",
  "signingkey",
  "encryptionkey",
  "sessionkey",
  "masterkey",
  "sharedkey",
  "sessionid",
] as const;

/** Too short to be looked for within others, as in `author` and `shipping`: whole words of a name, in any spelling. */
const SHORT_WORDS = ["pass", "auth", "pin", "otp"] as const;
const SHORT = SHORT_WORDS.flatMap((word) => {
  const [first, rest] = [word.slice(0, 1), word.slice(1)];
  return [
    `(?<![A-Za-z])${word}(?![a-z])`,
    `${first.toUpperCase()}${rest}(?![a-z])`,
    `(?<![A-Z])${word.toUpperCase()}(?![A-Za-z])`,
  ];
}).join("|");

const SHORT_NAME = new RegExp(SHORT);
const SECRET_NAME = new RegExp(WORDS.join("|"));

/** Longest name that is looked at, in UTF-16 units: nobody calls a secret by a longer one. */
const MOST_NAME = 256;

/** Whether what has this name, in any spelling, is to be hidden. */
export function isSecretName(name: string): boolean {
  const seen = name.slice(0, MOST_NAME);
  return SECRET_NAME.test(bare(seen)) || SHORT_NAME.test(seen);
}

/** Whether a secret's name is somewhere in `text`; short ones are everyday words there. */
export function namesSecret(text: string): boolean {
  return SECRET_NAME.test(bare(text));
}

const bare = (name: string): string => name.replaceAll(/[\s_.-]+/g, "").toLowerCase();

/** Interfaces whose answers are values of configuration, or secrets. */
export function givesSecrets(instance: string): boolean {
  return /^(?:wasi:config\/|wasmcloud:secrets\/|wasi:secrets\/)/.test(instance);
}

/** `password`, `pass-word`, `access_key`: the words as they are spelled within text. */
const SPELLED = WORDS.map((word) =>
  word
    .replace(
      /^(pass|api|auth|access|private|signing|encryption|session|master|shared)(?=.)/,
      "$1[-_. ]?",
    )
    .replace("authoriz", "authori[sz]"),
).join("|");

/** Each pattern, and what is left of what it finds. */
const PATTERNS: readonly (readonly [pattern: RegExp, left: string])[] = [
  // Base64 of JSON, as tokens begin.
  [/eyJ[\w-]{6,}[\w.~+/=-]*/g, HIDDEN],
  // Seeds of nkeys: 58 characters in base32; at the start of a word also cut ones, within a word only whole ones.
  [/(?<![A-Z2-7])S[ACMNOPUVX][A-Z2-7]{20,}/g, HIDDEN],
  [/[A-Z2-7]*S[ACMNOPUVX][A-Z2-7]{56}[A-Z2-7]*/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?/g, HIDDEN],
  // Headers, to the end of their line.
  [/((?:authorization|cookie)["']?\s*[:=]\s*)[^\r\n]+/gi, `$1${HIDDEN}`],
  [/\b((?:bearer|basic|digest|negotiate)\s+)[\w.~+/=-]{8,}/gi, `$1${HIDDEN}`],
  [/(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g, `$1${HIDDEN}`],
];

/** What gives values of secrets their names within text. */
const NAMES: readonly RegExp[] = [namesIn(SPELLED, "i"), namesIn(SHORT, "")];

/** `text` without what looks like a secret; the very same text if nothing does. */
export function withoutSecrets(text: string): string {
  let left = text;
  for (const [pattern, instead] of PATTERNS) left = left.replace(pattern, instead);
  for (const names of NAMES) left = withoutValues(left, names, HIDDEN);
  return left;
}
