/**
 * What a loss is: a function of symbolic tensors that accepts a weight for every sample.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Value } from "../engine/graph/value.ts";
import { div } from "../engine/ops/div.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceMean } from "../engine/ops/reduce_mean.ts";

/** Options that every loss has. */
export interface LossOptions {
  /** Weights of the samples, `[N]`, with mean 1; all ones when left out. */
  readonly weights?: Value;
}

/**
 * A loss between what a network predicts and what it should: both tensors have one row a sample, `[N, ...]`, and
 * the result is a scalar, the weighted mean over the samples. No gradient is stopped: that is the method's choice.
 */
export type Loss<Options extends LossOptions = LossOptions> = (
  prediction: Value,
  target: Value,
  options?: Options,
) => Value;

/**
 * The weighted mean of per-sample losses, (1/N) sum_i w_i l_i: divided by the number of samples, not by the sum of
 * the weights, as GenView's and mmpretrain's losses do.
 *
 * @param perSample losses, `[N]`
 * @param weights `[N]`; all ones when left out
 * @throws {RangeError} if the losses are not `[N]` or the weights not of the same shape
 */
export function weightedMean(perSample: Value, weights?: Value): Value {
  if (perSample.rank !== 1) {
    throw new GenviewRangeError(
      `Cannot average losses: they must be [N], found [${perSample.shape.join(",")}]`,
    );
  }
  if (weights === undefined) return reduceMean(perSample);
  if (weights.rank !== 1 || weights.shape[0] !== perSample.shape[0]) {
    throw new GenviewRangeError(
      `Cannot weigh losses: the weights must be [${perSample.shape[0]}], found [${
        weights.shape.join(",")
      }]`,
    );
  }
  return reduceMean(mul(perSample, weights));
}

/**
 * Similarities or logits divided by a temperature.
 *
 * @param temperature above 0, a number or a scalar
 * @throws {RangeError} if it is a number of 0 or less
 */
export function cooled(x: Value, temperature: number | Value): Value {
  if (typeof temperature === "number" && !(temperature > 0)) {
    throw new GenviewRangeError(
      `Cannot divide by a temperature: it must be above 0, found ${temperature}`,
    );
  }
  return temperature === 1 ? x : div(x, temperature);
}
