/**
 * How a report looks: on light and dark screens, narrow and wide ones, and on paper.
 *
 * @module
 */

/** The style sheet of a report. */
export const REPORT_STYLE = `
:root {
  --paper: #ffffff; --ink: #1f2933; --faded: #5f6c7b; --line: #e1e5ea; --card: #f6f8fa; --accent: #0072b2;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15191e; --ink: #e4e7eb; --faded: #9aa5b1; --line: #323a44; --card: #1d2329; --accent: #6cb6e8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3rem 1.5rem 4rem; max-width: 54rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
}
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 {
  margin: 3rem 0 0.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: 1.3rem;
  line-height: 1.3;
}
p { margin: 0 0 0.9rem; max-width: 44rem; overflow-wrap: break-word; }
.subtitle { margin: 0.4rem 0 0; color: var(--faded); }
nav { margin: 1.25rem 0 0; color: var(--faded); font-size: 0.9rem; }
nav a { margin-right: 1.1rem; color: var(--accent); text-decoration: none; white-space: nowrap; }
nav a:hover { text-decoration: underline; }
.cards {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 0.9rem; margin: 2rem 0 0;
}
.card { padding: 0.95rem 1.1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.card dt { color: var(--faded); font-size: 0.85rem; }
.card dd { margin: 0; }
.card .value {
  font-size: 1.45rem; font-weight: 600; line-height: 1.5; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
.card .note { color: var(--faded); font-size: 0.83rem; line-height: 1.4; }
figure { margin: 1.25rem 0 1.75rem; }
figure img {
  display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper);
}
figcaption { margin-top: 0.6rem; max-width: 44rem; color: var(--faded); font-size: 0.88rem; line-height: 1.45; }
figcaption b { color: var(--ink); font-weight: 600; }
.scroll { margin: 1rem 0 1.5rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
caption { padding-bottom: 0.5rem; color: var(--faded); text-align: left; }
th, td {
  padding: 0.4rem 1.4rem 0.4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
}
th { color: var(--faded); font-weight: 600; white-space: nowrap; }
td { overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.notes { margin-top: 3rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--faded); font-size: 0.88rem; }
.notes ul { margin: 0; padding-left: 1.2rem; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --faded: #444444; --line: #cccccc; --card: #ffffff; --accent: #000000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  h2 { break-after: avoid; }
  .card, figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
