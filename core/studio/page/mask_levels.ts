/**
 * What a threshold makes of images: masks, foreground ratios and noise levels, as the library computes them.
 *
 * @module
 */
import type { MasksAnswer } from "../api/pictures.ts";

/** Share of an image's tokens whose score is above the threshold. */
export function foregroundRatio(scores: readonly number[], threshold: number): number {
  if (scores.length === 0) return 0;
  return scores.filter((score) => score > threshold).length / scores.length;
}

/** The noise level of a foreground ratio: that of the first bound that is not below it. */
export function noiseLevel(
  ratio: number,
  { bounds, levels }: Pick<MasksAnswer, "bounds" | "levels">,
): number | undefined {
  const index = bounds.findIndex((bound) => ratio <= bound);
  return levels[index < 0 ? levels.length - 1 : index];
}

/** Share of all tokens above a threshold, between the two nearest thresholds that the server has counted at. */
export function shareAt(shares: MasksAnswer["shares"], threshold: number): number {
  const index = shares.findIndex((each) => each.threshold >= threshold);
  const above = shares[index];
  const below = shares[index - 1];
  if (above === undefined) return shares.at(-1)?.share ?? 0;
  if (below === undefined) return above.share;
  const part = (threshold - below.threshold) / (above.threshold - below.threshold);
  return below.share + part * (above.share - below.share);
}

/** How many images have each level, in the order of the levels. */
export function levelCounts(
  answer: Pick<MasksAnswer, "bounds" | "levels" | "images">,
  threshold: number,
): number[] {
  const found = answer.images.map(({ scores }) =>
    noiseLevel(foregroundRatio(scores, threshold), answer)
  );
  return answer.levels.map((level) => found.filter((other) => other === level).length);
}
