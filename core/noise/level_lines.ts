/**
 * Lines of noise levels: a path, a space and a level, as `fg_ratios_100.txt` has them.
 *
 * @module
 */
import { normalizeKey } from "../data/relative_path.ts";
import { splitLines } from "../files/lines.ts";
import type { MalformedLine } from "./ratio_lines.ts";

/** The noise level of an image. */
export interface LevelLine {
  /** Path of the image, the same for all ways to write it with `./`. */
  readonly path: string;
  /** Training step of the diffusion at which noise is taken, in [0, 1000). */
  readonly level: number;
  /** Number of the line, from 1. */
  readonly line: number;
}

/** Which levels the lines may have. */
export interface LevelLineOptions {
  /** The level of lines that have none (default 0). */
  readonly level?: number;
  /** Whether lines that have another are malformed (default false). */
  readonly only?: boolean;
}

/** Everything up to the last white space is the path, if a number follows it. */
const LINE = /^(.*\S)\s+([+-]?[\d.]+(?:[eE][+-]?\d+)?)$/s;

function parseLine(text: string, line: number, options: LevelLineOptions): LevelLine | string {
  const { level: fallback = 0, only = false } = options;
  const match = LINE.exec(text);
  if (match === null) return { path: normalizeKey(text), level: fallback, line };
  const level = Number(match[2]);
  if (!/^\d+$/.test(match[2]!) || level >= 1000) {
    return `its level must be a whole number in [0, 1000), found "${match[2]}"`;
  }
  if (only && level !== fallback) return `its level must be ${fallback}, found ${level}`;
  return { path: normalizeKey(match[1]!), level, line };
}

/**
 * Parses lines of paths and noise levels; the level may be left out, and blank lines mean nothing.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { lines, malformed } = parseLevelLines("a cat.jpg 100\ndog.jpg\nbird.jpg 0.25\n", { level: 200 });
 * assertEquals(lines, [
 *   { path: "a cat.jpg", level: 100, line: 1 },
 *   { path: "dog.jpg", level: 200, line: 2 },
 * ]);
 * assertEquals(malformed.map(({ line }) => line), [3]);
 * ```
 */
export function parseLevelLines(
  text: string,
  options: LevelLineOptions = {},
): { readonly lines: LevelLine[]; readonly malformed: MalformedLine[] } {
  const lines: LevelLine[] = [];
  const malformed: MalformedLine[] = [];
  splitLines(text).forEach((raw, i) => {
    if (raw.trim() === "") return;
    const parsed = parseLine(raw.trim(), i + 1, options);
    if (typeof parsed === "string") malformed.push({ line: i + 1, problem: parsed });
    else lines.push(parsed);
  });
  return { lines, malformed };
}
