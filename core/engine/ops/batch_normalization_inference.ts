import { applying } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { checkChannels } from "./_channels.ts";
import { add } from "./add.ts";
import type { BatchNormalizationOptions } from "./batch_normalization.ts";
import { mul } from "./mul.ts";
import { reciprocal } from "./reciprocal.ts";
import { reshape } from "./reshape.ts";
import { sqrt } from "./sqrt.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode batchNormalizationInference}. */
export interface BatchNormalizationInferenceOptions extends BatchNormalizationOptions {
  /** Mean of each channel `[C]`. */
  readonly mean: Value;
  /** Variance of each channel `[C]`. */
  readonly variance: Value;
}

/**
 * Batch normalisation with statistics that are given: one scale and one shift for each channel.
 *
 * @param x `[N, C]` or `[N, C, ...]`
 * @throws {RangeError} if shapes do not fit
 * @throws {TypeError} if element types differ or are no floats
 */
export function batchNormalizationInference(
  x: Value,
  { scale, bias, mean, variance, epsilon = 1e-5 }: BatchNormalizationInferenceOptions,
): Value {
  const vectors = { ...(scale && { scale }), ...(bias && { bias }), mean, variance };
  applying("BatchNormalizationInference", { x, ...vectors }, () => checkChannels(x, vectors));
  const inverseDeviation = reciprocal(sqrt(add(variance, epsilon)));
  const factor = scale === undefined ? inverseDeviation : mul(scale, inverseDeviation);
  const shift = sub(bias ?? 0, mul(mean, factor));
  const perChannel = (vector: Value) =>
    reshape(vector, [vector.shape[0]!, ...x.shape.slice(2).map(() => 1)]);
  return add(mul(x, perChannel(factor)), perChannel(shift));
}
