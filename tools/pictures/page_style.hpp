// SPDX-License-Identifier: MIT
// The style sheet of pages: light and dark, wide and narrow, on paper. Color-blind readers can tell the series apart
// (Okabe & Ito 2008).
#pragma once

namespace tools {

inline constexpr const char* kPageStyle = R"(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1b1b; --soft: #5c5c5c; --grid: #e2e2e2; --panel: #f6f6f6; --frame: #e2e2e2;
  --s0: #0072b2; --s1: #c44e00; --s2: #00795a; --s3: #a8467f; --s4: #8a6500; --s5: #3a3a3a; --cell: #000000;
  --over: #ffffff; --strong: #000000;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e8e8e8; --soft: #a5a9ad; --grid: #33373b; --panel: #1e2125;
    --frame: #ccc8c4;  /* inverted with its picture */
    --s0: #56b4e9; --s1: #f0a35a; --s2: #3fc9a0; --s3: #e59ac5; --s4: #e8d44d; --s5: #d0d0d0; --cell: #ffffff;
    --over: #000000;
  }
  .ink { filter: invert(1); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 0.25rem; }
h3 { font-size: 1.1rem; margin: 2rem 0 0.25rem; }
h1, h2, h3, figcaption, caption { text-wrap: balance; }
ul { margin: 0.25rem 0; text-wrap: pretty; }
p { margin: 0.25rem 0 0.75rem; color: var(--soft); max-width: 45rem; text-wrap: pretty; }
.seen { color: var(--ink); } a { color: var(--s0); }
.alert { color: var(--s1); font-weight: 600; }
code { display: block; padding: 0.6rem 0.8rem; background: var(--panel); border-radius: 6px; overflow-wrap: anywhere;
  font: 0.85rem/1.5 ui-monospace, monospace; }
.headline { display: flex; flex-wrap: wrap; gap: 0.5rem 2.5rem; margin: 1rem 0; padding: 0; list-style: none; }
.headline b { display: block; font-size: 1.5rem; font-weight: 500; font-variant-numeric: tabular-nums; }
.sub { color: var(--soft); font-size: 0.85rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-size: 0.85rem; color: var(--soft); }
.charts figcaption { order: -1; color: var(--ink); font-weight: 600; font-size: 0.95rem; }
.charts, .layers { display: grid; gap: 1.25rem 2rem; }
.charts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.charts figure { display: flex; flex-direction: column; max-width: 34rem; }
.layers { grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.square { max-width: 34rem; }
.digits { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: 1rem 0.75rem; }
.digits img { width: 100%; border: 1px solid var(--frame); border-radius: 4px; }
img { display: block; height: auto; image-rendering: pixelated; }
.sheet { width: 100%; max-width: 34rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .axis-name { font-style: italic; }
.grid { stroke: var(--grid); } .axis { stroke: var(--soft); } .mark { stroke: var(--soft); stroke-dasharray: 3 3; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .dashed { stroke-dasharray: 5 3; }
.line.s0 { stroke: var(--s0); } .line.s1 { stroke: var(--s1); } .line.s2 { stroke: var(--s2); }
.line.s3 { stroke: var(--s3); } .line.s4 { stroke: var(--s4); } .line.s5 { stroke: var(--s5); }
.dot.s0, svg .name.s0 { fill: var(--s0); } .dot.s1, svg .name.s1 { fill: var(--s1); }
.dot.s2, svg .name.s2 { fill: var(--s2); } .dot.s3, svg .name.s3 { fill: var(--s3); }
.dot.s4, svg .name.s4 { fill: var(--s4); } .dot.s5, svg .name.s5 { fill: var(--s5); }
.bar, .hit { fill: var(--s0); } .miss { fill: var(--s1); } .border { fill: none; stroke: var(--grid); }
.unit { fill: none; stroke: var(--soft); }
svg .cell { fill: var(--cell); } svg .over { fill: var(--over); } svg .strong { fill: var(--strong); }
/* Shadows at the sides of a table that is wider than the page. */
.wide { overflow-x: auto; background: linear-gradient(90deg, var(--paper) 40%, transparent) left / 2.5rem 102% local,
  linear-gradient(270deg, var(--paper) 40%, transparent) right / 2.5rem 102% local,
  linear-gradient(90deg, var(--soft), transparent) left / 0.6rem 100% scroll,
  linear-gradient(270deg, var(--soft), transparent) right / 0.6rem 100% scroll; background-repeat: no-repeat; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; vertical-align: top; white-space: nowrap; }
th, td { padding: 0.15rem 1.25rem 0.15rem 0; overflow-wrap: anywhere; }
.numbers th, .numbers td { text-align: right; overflow-wrap: normal; white-space: normal; }
.numbers { min-width: 20rem; } .numbers td { white-space: nowrap; }
.numbers th[scope] { text-align: left; white-space: nowrap; }
caption { text-align: left; font-weight: 600; padding: 1rem 0 0.25rem; position: sticky; left: 0;
  max-width: calc(100vw - 2rem); }
summary { cursor: pointer; margin: 0.75rem 0; }
@media print {
  body { max-width: none; font-size: 11pt; }
  h2, h3, h2 + p, h3 + p { break-after: avoid; }
  .charts, .layers, .square { break-before: avoid; }
  p, .wide { break-inside: avoid; }
  .wide { overflow: visible; background: none; }
  .numbers { font-size: 8.5pt; }
  .numbers th, .numbers td { padding-right: 0.7rem; }
  .charts { grid-template-columns: 1fr 1fr; }
  .layers { grid-template-columns: 1fr 1fr 1fr; }
  .square, .sheet { max-width: 24rem; break-inside: avoid; }
  details:not([open]) { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

}  // namespace tools
