/**
 * Which end of a principal component is the foreground.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Tensor } from "../engine/graph/tensor.ts";

/** Rows and columns of the tokens of an image. */
export type Grid = readonly [rows: number, columns: number];

/** How a component is oriented. */
export interface Orientation {
  /** Whether the component and its scores must be negated, so that the foreground has the high ones. */
  readonly negate: boolean;
  /** What decided: the image's border as background, or the component's largest coordinate where that says nothing. */
  readonly decidedBy: "border" | "largest coordinate";
  /** Mean score of the outermost ring of tokens, before it is negated. */
  readonly border: number;
  /** Mean score of the tokens inside, before that; undefined if there are none. */
  readonly inside: number | undefined;
}

/** Whether a token lies on the outermost ring of its grid. */
function isBorder(token: number, [rows, columns]: Grid): boolean {
  const [row, column] = [Math.floor(token / columns), token % columns];
  return row === 0 || column === 0 || row === rows - 1 || column === columns - 1;
}

/**
 * Orients a component so that the foreground has high scores. Its sign is arbitrary; photographers put
 * what they photograph in the middle, so the end at which the border's tokens lie on average is taken for the
 * background. Where there is no inside, or both means are equal, the largest coordinate is made positive: that
 * says nothing of the foreground, but it is the same wherever it is computed.
 *
 * @param scores float32 `[N, rows · columns]`
 * @param component its coordinates, by which the tokens were scored
 */
export function orientScores(
  scores: Tensor<"float32">,
  grid: Grid,
  component: Float32Array,
): Orientation {
  const tokens = grid[0] * grid[1];
  if (scores.data.length === 0 || scores.data.length % tokens !== 0) {
    throw new GenviewRangeError(
      `Cannot orient scores: there must be ${tokens} for each image, found ${scores.data.length}`,
    );
  }
  const ring = Array.from({ length: tokens }, (_, token) => isBorder(token, grid));
  const sums = { border: 0, inside: 0 };
  scores.data.forEach((score, i) => sums[ring[i % tokens]! ? "border" : "inside"] += score);
  const images = scores.data.length / tokens;
  const onBorder = ring.filter(Boolean).length;
  const border = sums.border / (onBorder * images);
  const inside = onBorder < tokens ? sums.inside / ((tokens - onBorder) * images) : undefined;
  if (inside !== undefined && inside !== border) {
    return { negate: inside < border, decidedBy: "border", border, inside };
  }
  const largest = component.reduce((most, value) =>
    Math.abs(value) > Math.abs(most) ? value : most
  );
  return { negate: largest < 0, decidedBy: "largest coordinate", border, inside };
}
