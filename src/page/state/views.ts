/** The views of the page, and which one an address names. */

/** In the order in which they stand. */
export const VIEW_TITLES = {
  tab: "This tab",
  topology: "Topology",
  components: "Components",
  calls: "Calls",
  rates: "Rates and latency",
  log: "Log",
  links: "Links and config",
  safety: "Safety",
} as const;

export type ViewId = keyof typeof VIEW_TITLES;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of what is written above
export const VIEW_IDS: readonly ViewId[] = Object.keys(VIEW_TITLES) as ViewId[];

/** `#/links`; of the first view `#/`. */
export function addressOf(view: ViewId): string {
  return view === "tab" ? "#/" : `#/${view}`;
}

/** What the fragment of an address names; the first view for whatever names none. */
export function viewOf(hash: string): ViewId {
  return VIEW_IDS.find((id) => addressOf(id) === hash) ?? "tab";
}
