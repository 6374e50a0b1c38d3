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
/** Behind every figure, on dark pages too. */
export const PAPER = "#ffffff";

/** Families that stand on nearly every machine and are about equally wide. */
export const FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif";
/** Pixels of text in figures. */
export const FONT_SIZE = 12;
/** Pixels from one line of text to the next. */
export const LINE_HEIGHT = 15;
