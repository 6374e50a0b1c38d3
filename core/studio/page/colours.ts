/**
 * Colours of curves, points and bands on canvases, for light and dark pages. The first hues are those of Okabe and
 * Ito, which people with any colour vision tell apart; each has a contrast of at least 3 with the page.
 *
 * @module
 */

const LIGHT = [
  "#0072b2",
  "#c64f00",
  "#00805d",
  "#b0478b",
  "#7152a8",
  "#8a6500",
  "#3d4854",
  "#a33b3b",
  "#00788c",
  "#5b7300",
  "#8b5638",
  "#c2185b",
];
const DARK = [
  "#6cb6e8",
  "#f0935a",
  "#3fc79c",
  "#e391c5",
  "#b79df0",
  "#e0b84a",
  "#b4c0cc",
  "#f09090",
  "#5cc7dd",
  "#a9cf5a",
  "#d7a58a",
  "#ff9ac0",
];

/** Colour of the n-th curve or class. */
export function colourOf(index: number, dark: boolean): string {
  const colours = dark ? DARK : LIGHT;
  return colours[index % colours.length] as string;
}

/** Colour of a share of a range, from a cold to a warm one of the same lightness. */
export function rampColour(share: number, dark: boolean): string {
  const hue = 250 - 220 * Math.min(1, Math.max(0, share));
  return `hsl(${hue} ${dark ? "65% 68%" : "70% 42%"})`;
}

/** Colours of what stands around curves. */
export interface ChartColours {
  readonly ink: string;
  readonly faded: string;
  readonly line: string;
  readonly healthy: string;
  readonly healthyInk: string;
  readonly random: string;
  readonly randomInk: string;
  readonly collapsed: string;
}

/** Colours of what stands around curves, on light or dark pages. */
export function chartColours(dark: boolean): ChartColours {
  return dark
    ? {
      ink: "#e4e7eb",
      faded: "#9aa5b1",
      line: "#2b333d",
      healthy: "rgba(63, 199, 156, 0.14)",
      healthyInk: "#57d0a8",
      random: "rgba(154, 165, 177, 0.13)",
      randomInk: "#9aa5b1",
      collapsed: "#f08a8a",
    }
    : {
      ink: "#1f2933",
      faded: "#566270",
      line: "#e6eaee",
      healthy: "rgba(0, 128, 93, 0.11)",
      healthyInk: "#006b4e",
      random: "rgba(95, 108, 123, 0.11)",
      randomInk: "#566270",
      collapsed: "#b3261e",
    };
}
