/**
 * The Sinkhorn-Knopp assignment of SwAV.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { div } from "../engine/ops/div.ts";
import { exp } from "../engine/ops/exp.ts";
import { maximum } from "../engine/ops/maximum.ts";
import { reduceMax } from "../engine/ops/reduce_max.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { stopGradient } from "../engine/ops/stop_gradient.ts";
import { sub } from "../engine/ops/sub.ts";

/** Options of {@linkcode sinkhorn}. */
export interface SinkhornOptions {
  /** Weight of the entropy: the smaller, the harder the assignment (default 0.05). */
  readonly epsilon?: number;
  /** Times that columns and rows are normalised (default 3). */
  readonly iterations?: number;
}

/** Divided along an axis by its sums, which are kept off zero for a prototype that is like no sample. */
function normalized(shares: Value, axis: number): Value {
  return div(shares, maximum(reduceSum(shares, { axis, keepDims: true }), 1e-30));
}

/**
 * Soft assignments `[M, K]` of samples to prototypes, each row of sum 1, with about as many samples for each prototype
 * (Caron et al. 2020, section 3.1; `sinkhorn` of facebookresearch/swav's `main_swav.py`); no gradient flows through it.
 * What is common to all scores makes no difference, so the largest is taken off before the exponential.
 *
 * @param scores `[M, K]`, similarities of samples and prototypes
 */
export function sinkhorn(scores: Value, options: SinkhornOptions = {}): Value {
  const { epsilon = 0.05, iterations = 3 } = options;
  let shares = exp(div(sub(scores, reduceMax(scores)), epsilon));
  // The reference divides by K and M too; rows end with sum 1 either way.
  for (let i = 0; i < iterations; i++) shares = normalized(normalized(shares, 0), 1);
  return stopGradient(shares);
}
