/**
 * Lines of foreground ratios: a path, a space and a number.
 *
 * @module
 */
import { normalizeKey } from "../data/relative_path.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { splitLines } from "../files/lines.ts";

/** The foreground ratio of an image. */
export interface RatioLine {
  /** Path of the image, the same for all ways to write it with `./`. */
  readonly path: string;
  /** Share of its tokens that are foreground, in [0, 1]. */
  readonly ratio: number;
}

/** A malformed line. */
export interface MalformedLine {
  /** Its number, from 1. */
  readonly line: number;
  /** What is wrong with it. */
  readonly problem: string;
}

/** A number as Python's `float` reads and `str` prints it: digits, point, exponent. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Everything up to the last space is the path, which may hold spaces itself. */
const LINE = /^(.*\S)\s+(\S+)$/s;

/** Whether a path can be written as a line and read again: it holds no line break, and no white space at its ends. */
export function fitsRatioLine(path: string): boolean {
  return !/[\r\n]/.test(path) && path.trim() === path && path !== "";
}

/**
 * A line as it is written: the ratio in the fewest digits that give the same number again, with a point, as Python
 * prints it.
 *
 * @throws {TypeError} if the path holds a line break or ends in white space, so that it could not be read again
 */
export function formatRatioLine({ path, ratio }: RatioLine): string {
  if (!fitsRatioLine(path)) {
    throw new GenviewTypeError(
      `Cannot write a ratio for ${JSON.stringify(path)}: a path must be one line without ` +
        "white space at its ends",
    );
  }
  return `${path} ${Number.isInteger(ratio) ? ratio.toFixed(1) : ratio}`;
}

/** A text as messages show it: of a long one the beginning. */
function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function parseLine(line: string): RatioLine | string {
  const match = LINE.exec(line);
  if (match === null) return "it must be a path, a space and a ratio";
  const [, path = "", text = ""] = match;
  const ratio = Number(text);
  if (!NUMBER.test(text) || !(ratio >= 0 && ratio <= 1)) {
    return `its ratio must be a number in [0, 1], found ${excerpt(text)}`;
  }
  return { path: normalizeKey(path.trimStart()), ratio };
}

/**
 * Parses lines of ratios; blank ones mean nothing.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { ratios, malformed } = parseRatioLines("./a cat.jpg 0.25\ndog.jpg\n");
 * assertEquals(ratios, [{ path: "a cat.jpg", ratio: 0.25 }]);
 * assertEquals(malformed.map(({ line }) => line), [2]);
 * ```
 */
export function parseRatioLines(
  text: string,
): { readonly ratios: RatioLine[]; readonly malformed: MalformedLine[] } {
  const ratios: RatioLine[] = [];
  const malformed: MalformedLine[] = [];
  splitLines(text).forEach((line, i) => {
    if (line.trim() === "") return;
    const parsed = parseLine(line.trimEnd());
    if (typeof parsed === "string") malformed.push({ line: i + 1, problem: parsed });
    else ratios.push(parsed);
  });
  return { ratios, malformed };
}
