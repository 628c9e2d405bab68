/** The look of `<lattice-host>`: its own small set of tokens, because it lives in other people's pages. */
import type { CSSResult } from "lit";

import { css } from "lit";

export const badgeStyle: CSSResult = css`
  :host {
    --ink: #161b18;
    --soft: #4a524d;
    --sheet: #fcfcfb;
    --well: #e8eae6;
    --edge: #858c86;
    --line: #dadfd9;
    --idle-lamp: #868d88;
    --ok-lamp: #0e9a72;
    --wait-lamp: #b9770e;
    --bad-lamp: #d8432f;
    --bad: #b3261e;
    position: relative;
    display: inline-block;
    font:
      400 13px/20px system-ui,
      -apple-system,
      "Segoe UI",
      Roboto,
      sans-serif;
    color: var(--ink);
  }

  :host([hidden]) {
    display: none;
  }

  :host([floating]) {
    position: fixed;
    right: 16px;
    bottom: 16px;
    z-index: 2147483000;
  }

  button {
    font: inherit;
    font-weight: 500;
    color: inherit;
    cursor: pointer;
    background: var(--sheet);
    border: 1px solid var(--edge);
    border-radius: 4px;
    padding: 3px 10px;
  }

  button:hover {
    background: var(--well);
  }

  button:focus-visible {
    outline: 2px solid var(--ink);
    outline-offset: 2px;
  }

  .badge {
    display: flex;
    align-items: center;
    gap: 8px;
  }

  .dot {
    width: 9px;
    height: 9px;
    border-radius: 1px;
    background: var(--lamp, var(--idle-lamp));
    forced-color-adjust: none;
  }

  .word {
    color: var(--soft);
    font-weight: 400;
  }

  .joined {
    --lamp: var(--ok-lamp);
  }

  .connecting,
  .reconnecting,
  .leaving {
    --lamp: var(--wait-lamp);
  }

  .failed {
    --lamp: var(--bad-lamp);
  }

  .menu {
    position: absolute;
    top: calc(100% + 6px);
    left: 0;
    z-index: 1;
    box-sizing: border-box;
    width: 280px;
    max-width: calc(100vw - 32px);
    padding: 14px 16px 16px;
    background: var(--sheet);
    border: 1px solid var(--edge);
    border-radius: 6px;
    box-shadow: 0 6px 24px rgb(0 0 0 / 0.14);
  }

  .menu.above,
  :host([floating]) .menu {
    top: auto;
    bottom: calc(100% + 6px);
  }

  .menu.end,
  :host([floating]) .menu {
    left: auto;
    right: 0;
  }

  .phase {
    margin: 0 0 8px;
    font-weight: 600;
  }

  .phase::first-letter {
    text-transform: uppercase;
  }

  .error {
    margin: 0 0 8px;
    color: var(--bad);
    overflow-wrap: anywhere;
  }

  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 4px 16px;
    margin: 0;
  }

  dt {
    color: var(--soft);
  }

  dd {
    margin: 0;
    overflow-wrap: anywhere;
    font-variant-numeric: tabular-nums;
  }

  .id {
    font:
      12px/18px ui-monospace,
      Menlo,
      Consolas,
      monospace;
  }

  .act {
    margin-top: 12px;
  }

  @media (prefers-color-scheme: dark) {
    :host {
      --ink: #e9ede9;
      --soft: #b1b9b3;
      --sheet: #171b19;
      --well: #242a27;
      --edge: #6d756f;
      --line: #2a302d;
      --idle-lamp: #7b847e;
      --wait-lamp: #d68a12;
      --bad: #ff8d7a;
    }
  }
`;
