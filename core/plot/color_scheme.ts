/**
 * Figures that follow the colour scheme of the page that they are on.
 *
 * @module
 */
import { DARK_COLORS } from "./theme.ts";

/** The rule that gives every element of a colour another one; attributes give way to style sheets. */
function recolor(from: string, to: string): string {
  return `[fill="${from}"]{fill:${to}}[stroke="${from}"]{stroke:${to}}`;
}

const STYLE = `<style>@media (prefers-color-scheme: dark){${
  Object.entries(DARK_COLORS).map(([from, to]) => recolor(from, to)).join("")
}}</style>`;

/**
 * An SVG file of the theme's colours that takes their dark counterparts where the page is dark; also inside of `<img>`,
 * where browsers hand on the page's scheme. What draws SVG and knows no schemes, such as sharp, keeps the light colours.
 *
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { followColorScheme } from "./color_scheme.ts";
 *
 * const svg = followColorScheme('<svg><rect fill="#ffffff"/></svg>');
 * assertStringIncludes(svg, '[fill="#ffffff"]{fill:#15191e}');
 * ```
 */
export function followColorScheme(svg: string): string {
  return svg.replace(/<svg\b[^>]*>/, (opening) => opening + STYLE);
}
