/**
 * The width of texts, estimated, for there is no canvas to measure them with.
 *
 * @module
 */

/** Widths in Helvetica, as shares of the font's size; other characters are as wide as figures. */
const WIDTHS: readonly (readonly [characters: RegExp, width: number])[] = [
  [/[ijl.,:;'|!]/, 0.25],
  [/[frtI()[\]/\\ \-·]/, 0.31],
  [/[MWmw%@…—]/, 0.87],
  [/[A-Z&+=<>~±×−]/, 0.69],
  [/[\u1100-\uffdc\u{1f000}-\u{3fffd}]/u, 1],
];
const OTHER_WIDTH = 0.556;
/** Fonts that stand in for Helvetica are up to this much wider. */
const MARGIN = 1.1;

/** About how many pixels a line of text takes, rather too many than too few. */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const character of text) {
    width += WIDTHS.find(([characters]) => characters.test(character))?.[1] ?? OTHER_WIDTH;
  }
  return width * fontSize * MARGIN;
}

/** The longest beginning of a text that fits, with an ellipsis if that is not all of it. */
export function clipText(text: string, fontSize: number, width: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join("")}…`, fontSize) > width) {
    characters.pop();
  }
  return `${characters.join("").trimEnd()}…`;
}

/** A text in lines no wider than `width`; a word that is wider by itself is cut. */
export function wrapText(text: string, fontSize: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, fontSize) <= width) lines[lines.length - 1] = longer;
    else lines.push(clipText(word, fontSize, width));
  }
  return lines;
}
