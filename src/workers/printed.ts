/** What guests print, as lines of bounded length and number. */
import type { GuestLine } from "../channels/component.ts";

/** Longer lines are cut into several. */
const MAX_LINE_CHARS = 4096;
/** Lines of all instances of a worker within {@link WINDOW_MS}; the rest is only counted. */
const MAX_LINES = 100;
const WINDOW_MS = 1000;

export interface LineSplitter {
  write(contents: Uint8Array): void;
  /** Gives what has no line end yet as a line. */
  flush(): void;
}

export function createLineSplitter(print: (line: string) => void): LineSplitter {
  const decoder = new TextDecoder();
  let pending = "";
  return {
    write(contents) {
      const lines = (pending + decoder.decode(contents, { stream: true })).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) printParts(line.endsWith("\r") ? line.slice(0, -1) : line, print);
      if (pending.length < MAX_LINE_CHARS) return;
      const whole = pending.length - (pending.length % MAX_LINE_CHARS);
      printParts(pending.slice(0, whole), print);
      pending = pending.slice(whole);
    },
    flush() {
      if (pending !== "") print(pending);
      pending = "";
    },
  };
}

function printParts(line: string, print: (line: string) => void): void {
  for (let at = 0; at === 0 || at < line.length; at += MAX_LINE_CHARS) {
    print(line.slice(at, at + MAX_LINE_CHARS));
  }
}

/** Passes at most {@link MAX_LINES} lines per second on; the first one after a gap says how many are missing. */
export function createLineLimiter(
  now: () => number,
  send: (line: GuestLine) => void,
): (stream: GuestLine["stream"], text: string) => void {
  let windowStart = -Infinity;
  let lines = 0;
  let dropped = 0;
  return (stream, text) => {
    if (now() - windowStart >= WINDOW_MS) {
      windowStart = now();
      lines = 0;
    }
    if (++lines > MAX_LINES) {
      dropped++;
      return;
    }
    send({ stream, text, dropped });
    dropped = 0;
  };
}
