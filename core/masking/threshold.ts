/**
 * The score above which a token is foreground.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";

/** Refuses scores that no threshold can be found for. */
function checkScores(scores: Float32Array): void {
  const wrong = scores.findIndex((score) => !Number.isFinite(score));
  if (scores.length === 0 || wrong >= 0) {
    throw new GenviewRangeError(
      `Cannot find a threshold: it takes finite scores, found ${
        wrong < 0 ? "none" : scores[wrong]
      }`,
    );
  }
}

/**
 * The threshold that leaves a share of the scores above it: halfway between the ⌊share · n⌋ highest scores and the next,
 * so that rounding elsewhere does not move a token from one side to the other. Ties at that place can only make the
 * share above smaller.
 *
 * Source: GenView's README, whose threshold α (equation 7) leaves about 40 % of the tokens as foreground.
 *
 * @param share of the scores, in (0, 1)
 * @throws {RangeError} if the share is out of range, or scores are missing or not finite
 */
export function quantileThreshold(scores: Float32Array, share = 0.4): number {
  checkScores(scores);
  if (!(share > 0 && share < 1)) {
    throw new GenviewRangeError(
      `Cannot find a threshold: the share must lie in (0, 1), found ${share}`,
    );
  }
  const sorted = scores.slice().sort();
  const above = sorted.length - Math.floor(share * sorted.length);
  const lower = sorted[above - 1]!;
  const upper = sorted[above] ?? lower;
  const middle = Math.fround((lower + upper) / 2);
  return middle < upper ? middle : lower;
}

/** Counts of scores in equal bins. */
export interface ScoreHistogram {
  /** Scores in each bin `[edges[k], edges[k + 1])`, the last one closed. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** Edges of the bins, one more than there are. */
  readonly edges: Float32Array<ArrayBuffer>;
}

/** Lowest and highest score; a range around them where they are equal. */
function outerEdges(scores: Float32Array): [first: number, last: number] {
  let [first, last] = [scores[0]!, scores[0]!];
  for (const score of scores) {
    if (score < first) first = score;
    if (score > last) last = score;
  }
  return first === last ? [first - 0.5, last + 0.5] : [first, last];
}

/**
 * Counts scores in equal bins as NumPy 1 does with float32: edges are computed in float64 and rounded, and a score at
 * an edge belongs to the bin on its right. NumPy 2 computes edges in float32, in which about half of them differ by
 * one unit in the last place; GenView pins a PyTorch that runs with NumPy 1 alone.
 *
 * Source: NumPy 1.26, `numpy/lib/histograms.py`, `histogram`, and `numpy/core/function_base.py`, `linspace`.
 *
 * @throws {RangeError} if scores are missing or not finite
 */
export function scoreHistogram(scores: Float32Array, bins = 200): ScoreHistogram {
  checkScores(scores);
  const [first, last] = outerEdges(scores);
  const step = (last - first) / bins;
  const edges = Float32Array.from({ length: bins + 1 }, (_, k) => k * step + first);
  edges[bins] = last;
  const counts = new Uint32Array(bins);
  const width = Math.fround(last - first);
  for (const score of scores) {
    const place = Math.fround(Math.fround(Math.fround(score - first) / width) * bins);
    let bin = Math.min(Math.trunc(place), bins - 1);
    // The quotient may round into a neighbour of the bin in whose edges the score lies.
    if (score < edges[bin]!) bin--;
    if (score >= edges[bin + 1]! && bin !== bins - 1) bin++;
    counts[bin]!++;
  }
  return { counts, edges };
}

/**
 * GenView's threshold, bit for bit: the left edge of the first of 200 bins at which the cumulative share of the scores
 * reaches 0.65; if empty bins follow it, the left edge of the last of them. So the share above is mostly somewhat more
 * than 35 %, not the 40 % of its README.
 *
 * Source: `tools/clip_pca/extract_features_pca.py`, `visualize_pca_histograms` and
 * `determine_threshold_from_histogram`, which keeps edges by their cumulative share, so that of equal shares the last
 * edge stays.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const scores = [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 10, 10, 10];
 * assertEquals(genviewThreshold(Float32Array.from(scores)), Math.fround(9.9));
 * ```
 *
 * @throws {RangeError} if scores are missing or not finite
 */
export function genviewThreshold(scores: Float32Array): number {
  const { counts, edges } = scoreHistogram(scores);
  let cumulative = 0;
  let bin = -1;
  do cumulative += counts[++bin]!; while (cumulative / scores.length < 0.65);
  while (bin + 1 < counts.length && counts[bin + 1] === 0) bin++;
  return edges[bin]!;
}
