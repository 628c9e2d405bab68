/**
 * The mark: a square tile, set into the place where four tiles of a lattice meet. It follows the state: lifted while
 * the node is outside, seated once it has joined, in the colour of the phase.
 */
import type { TemplateResult } from "lit";

import { html, svg } from "lit";

/** Decoration: the state stands beside it in words. */
export function mark(className: string): TemplateResult {
  return html`<svg class="mark ${className}" viewBox="0 0 32 32" aria-hidden="true">
    <g class="mark-lattice">
      <path d="M4.5 2H15.2V6.94L6.94 15.2H2V4.5A2.5 2.5 0 0 1 4.5 2z" />
      <path d="M27.5 2H16.8V6.94L25.06 15.2H30V4.5A2.5 2.5 0 0 0 27.5 2z" />
      <path d="M4.5 30H15.2V25.06L6.94 16.8H2V27.5A2.5 2.5 0 0 0 4.5 30z" />
      <path d="M27.5 30H16.8V25.06L25.06 16.8H30V27.5A2.5 2.5 0 0 1 27.5 30z" />
    </g>
    <path class="mark-tab" d="M16 8.4L23.6 16 16 23.6 8.4 16z" />
  </svg>`;
}

/** Tiles along a side of the picture. */
const SIDE = 7;
const PITCH = 48;
/** Half the diagonal of a set tile. */
const REACH = 11;

/** A floor of the lattice with one place left open, and a tile above it: what joining will do. Decoration. */
export function latticePicture(): TemplateResult {
  const places = Array.from({ length: SIDE - 1 }, (_, index) => (index + 1) * PITCH);
  const open = 4 * PITCH;
  return html`<svg
    class="lattice-picture"
    viewBox="0 0 ${SIDE * PITCH} ${SIDE * PITCH}"
    aria-hidden="true"
  >
    ${Array.from({ length: SIDE * SIDE }, (_, index) =>
      tile((index % SIDE) * PITCH, Math.floor(index / SIDE) * PITCH),
    )}
    ${places.flatMap((x) =>
      places
        .filter((y) => x !== open || y !== open - PITCH)
        .map((y) => svg`<path class="set" d=${diamond(x, y)} />`),
    )}
    <path class="open" d=${diamond(open, open - PITCH)} />
    <path class="lifted" d=${diamond(open + 7, open - PITCH - 13)} />
  </svg>`;
}

function tile(x: number, y: number): TemplateResult<2> {
  const gap = 1;
  const cut = REACH + 2;
  const near = gap;
  const far = PITCH - gap;
  const corner = cut - gap;
  return svg`<path class="tile" d="M${x + near + corner} ${y + near}H${x + far - corner}L${x + far} ${
    y + near + corner
  }V${y + far - corner}L${x + far - corner} ${y + far}H${x + near + corner}L${x + near} ${
    y + far - corner
  }V${y + near + corner}z" />`;
}

function diamond(x: number, y: number): string {
  return `M${x} ${y - REACH}l${REACH} ${REACH}-${REACH} ${REACH}-${REACH}-${REACH}z`;
}
