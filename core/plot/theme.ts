/**
 * Colours and sizes that all figures share.
 *
 * @module
 */

/**
 * Colours that people with any common colour blindness tell apart, from Okabe and Ito, "Color Universal Design",
 * without their yellow, which vanishes on white.
 */
export const COLORS: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#555555",
];

/** Text. */
export const INK = "#1f2933";
/** Text that stands back. */
export const FADED_INK = "#5f6c7b";
/** Lines of the grid. */
export const GRID = "#e4e7eb";
/** Behind every figure. */
export const PAPER = "#ffffff";
/** Text of pictures that have no paper of their own: of equal contrast to light and dark pages, 4.2. */
export const NEUTRAL_INK = "#717d89";
/** Shaded ranges. */
export const BAND = "#9fb3c8";

/**
 * What each colour is on a dark page: paper and ink as those of reports, curves lighter and as easy to tell apart.
 */
export const DARK_COLORS: Readonly<Record<string, string>> = {
  [PAPER]: "#15191e",
  [INK]: "#e4e7eb",
  [FADED_INK]: "#9aa5b1",
  [GRID]: "#2b323a",
  [BAND]: "#5b7188",
  "#0072b2": "#4fa3e0",
  "#d55e00": "#f28a45",
  "#009e73": "#34c79a",
  "#cc79a7": "#e6a3c8",
  "#e69f00": "#f5b83d",
  "#56b4e9": "#a3dcff",
  "#555555": "#b4b4b4",
};

/** Families that stand on nearly every machine and are about equally wide. */
export const FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif";
/** Pixels of text in figures. */
export const FONT_SIZE = 12;
/** Pixels from one line of text to the next. */
export const LINE_HEIGHT = 15;
