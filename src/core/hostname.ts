/** Names of hosts as HTTP and Kubernetes have them. */

/** All together; a port is no part of it. */
export const MOST_HOSTNAME_LETTERS = 253;

/** RFC 1123: labels of letters, digits and inner hyphens, 63 at most, {@link MOST_HOSTNAME_LETTERS} all together. */
export function isHostname(text: string): boolean {
  return (
    text.length <= MOST_HOSTNAME_LETTERS &&
    text.split(".").every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))
  );
}
