/** Which rows of a long list are drawn: those in sight, and some around them. All rows have the same height. Lengths in pixels. */

export interface ListGeometry {
  readonly count: number;
  readonly rowHeight: number;
  /** How far the list is scrolled. */
  readonly top: number;
  /** Of what can be seen of the list. */
  readonly height: number;
}

export interface ListWindow {
  readonly first: number;
  /** The first one behind it. */
  readonly end: number;
  /** Where the first row stands. */
  readonly offset: number;
  /** Of the whole list. */
  readonly total: number;
}

/** Rows that are drawn past each edge, so that a quick scroll meets no gap. */
const AROUND = 6;

export function windowOf({ count, rowHeight, top, height }: ListGeometry): ListWindow {
  const total = count * rowHeight;
  // After a filter the list may be shorter than it was scrolled.
  const from = Math.min(Math.max(0, top), Math.max(0, total - height));
  const first = Math.max(0, Math.floor(from / rowHeight) - AROUND);
  const end = Math.min(count, Math.ceil((from + height) / rowHeight) + AROUND);
  return { first, end, offset: first * rowHeight, total };
}

/** How far to scroll so that row `index` is seen whole; the present place if it is. */
export function scrolledTo(index: number, { rowHeight, top, height }: ListGeometry): number {
  const start = index * rowHeight;
  if (start < top) return start;
  return start + rowHeight > top + height ? start + rowHeight - height : top;
}

/** Where a list is that grows at one end: there, or elsewhere, where what is in sight has to stay. */
export function isAtEdge(geometry: ListGeometry, edge: "top" | "bottom"): boolean {
  const { count, rowHeight, top, height } = geometry;
  const slack = rowHeight / 2;
  return edge === "top" ? top <= slack : top + height >= count * rowHeight - slack;
}

/** Rows by which a key moves the choice; `undefined` for keys that do not. */
export function stepOf(
  key: string,
  { count, rowHeight, height }: ListGeometry,
): number | undefined {
  const page = Math.max(1, Math.floor(height / rowHeight) - 1);
  const steps: Readonly<Record<string, number>> = {
    ArrowUp: -1,
    ArrowDown: 1,
    PageUp: -page,
    PageDown: page,
    Home: -count,
    End: count,
  };
  return Object.hasOwn(steps, key) ? steps[key] : undefined;
}
