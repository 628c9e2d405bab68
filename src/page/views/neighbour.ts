/** Where an arrow key leads among things that lie in a plane. */

const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
/** What lies across counts this much more than what lies ahead. */
const ACROSS = 3;

/** The element with `attribute` that `key` leads to from the one whose value is `id`; `undefined`: to none. */
export function nextInDirection(
  root: HTMLElement,
  attribute: string,
  id: string,
  key: string,
): HTMLElement | undefined {
  if (!KEYS.has(key)) return undefined;
  const all = [...root.querySelectorAll<HTMLElement>(`[${attribute}]`)];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  const here = all.find((each) => each.getAttribute(attribute) === id);
  if (here === undefined) return undefined;
  const from = middleOf(here);
  let best: HTMLElement | undefined;
  let least = Infinity;
  for (const each of all) {
    if (each === here) continue;
    const to = middleOf(each);
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const [ahead, across] =
      key === "ArrowLeft" || key === "ArrowRight"
        ? [key === "ArrowRight" ? dx : -dx, Math.abs(dy)]
        : [key === "ArrowDown" ? dy : -dy, Math.abs(dx)];
    const distance = ahead + ACROSS * across;
    if (ahead > 1 && distance < least) {
      least = distance;
      best = each;
    }
  }
  return best;
}

function middleOf(element: HTMLElement): { readonly x: number; readonly y: number } {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}
