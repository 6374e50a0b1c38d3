/**
 * Noise levels by foreground ratio.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";

/** Which ratios get which noise level. */
export interface NoiseSchedule {
  /** Ascending edges e₀ < e₁ < … of the ratios' ranges (eᵢ, eᵢ₊₁]. */
  readonly edges: readonly number[];
  /** Noise level from each edge on: training steps of the diffusion, whole numbers in [0, 1000). */
  readonly levels: readonly number[];
}

/**
 * GenView's schedule: (−∞, 0.2] → 0, (0.2, 0.4] → 100, (0.4, 0.6] → 200, (0.6, 0.8] → 300, (0.8, 1] → 400. A further
 * level, 500, is reached by no ratio.
 *
 * Source: `tools/clip_pca/generate_ada_noise_level.py`, `main`.
 */
export const GENVIEW_NOISE_SCHEDULE: NoiseSchedule = {
  edges: [0, 0.2, 0.4, 0.6, 0.8, 1.0],
  levels: [0, 100, 200, 300, 400, 500],
};

/**
 * Checks a schedule.
 *
 * @throws {RangeError} if edges do not ascend, there is not one level for each, or a level is out of range
 */
export function checkNoiseSchedule({ edges, levels }: NoiseSchedule): void {
  const refuse = (rule: string, found: string) => {
    throw new GenviewRangeError(`Cannot schedule noise: ${rule}, found ${found}`);
  };
  if (edges.length === 0 || edges.length !== levels.length) {
    refuse("there must be one level for each edge", `${levels.length} for ${edges.length}`);
  }
  const falling = edges.findIndex((edge, i) =>
    !Number.isFinite(edge) || (i > 0 && edge <= edges[i - 1]!)
  );
  if (falling >= 0) refuse("edges must ascend", edges.join(", "));
  const wrong = levels.find((level) => !Number.isInteger(level) || level < 0 || level >= 1000);
  if (wrong !== undefined) refuse("levels must be whole numbers in [0, 1000)", String(wrong));
}

/**
 * The noise level of a foreground ratio: levels[clamp(i − 1)], where i counts the edges below the ratio, so that a
 * ratio at an edge belongs to the range that ends there. More foreground, more noise.
 *
 * Source: GenView, `generate_ada_noise_level.py`, `map_fg_ratio_to_range`: `numpy.digitize` with `right=True`, which
 * counts all edges for a ratio that is NaN.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([0, 0.2, 0.4, 0.6, 0.8, 1].map((ratio) => noiseLevel(ratio)), [0, 0, 100, 200, 300, 400]);
 * ```
 */
export function noiseLevel(
  ratio: number,
  schedule: NoiseSchedule = GENVIEW_NOISE_SCHEDULE,
): number {
  const { edges, levels } = schedule;
  const below = Number.isNaN(ratio) ? edges.length : edges.filter((edge) => edge < ratio).length;
  return levels[Math.min(Math.max(below - 1, 0), levels.length - 1)]!;
}
