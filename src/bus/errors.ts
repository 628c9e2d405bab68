/** The errors of every bus, in one wording. */
import { LatticeError } from "../core/error.ts";

export const disconnected = (reason: string): LatticeError =>
  new LatticeError("disconnected", `the connection to the lattice is down: ${reason}`);

export const closed = (): LatticeError => new LatticeError("closed", "the bus was closed");

export const tooLarge = (size: number, limit: number, subject: string): LatticeError =>
  new LatticeError(
    "too-large",
    `message of ${size} bytes to "${subject}" is above the server's limit of ${limit}`,
  );

export const denied = (operation: "publish" | "subscribe", subject: string): LatticeError =>
  new LatticeError("denied", `the server refused this connection to ${operation} to "${subject}"`);
