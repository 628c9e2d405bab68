/** Tests that wait for minutes and compute next to nothing: `playwright.config.ts` runs them beside the others. */
export const WAITS = { tag: "@waits" } as const;
