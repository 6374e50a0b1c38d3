/**
 * The cross entropy between classes and the softmax of logits.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { sameShape } from "../engine/graph/shape.ts";
import { formatType } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { logSoftmax } from "../engine/ops/log_softmax.ts";
import { mul } from "../engine/ops/mul.ts";
import { neg } from "../engine/ops/neg.ts";
import { oneHot } from "../engine/ops/one_hot.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { cooled, type LossOptions, weightedMean } from "./loss.ts";

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions extends LossOptions {
  /** What logits are divided by, above 0, a number or a scalar (default 1). */
  readonly temperature?: number | Value;
}

/** The target as probabilities, `[N, C]`. */
function probabilities(logits: Value, target: Value): Value {
  const [count, classes] = logits.shape as [number, number];
  if (target.dtype === "int64") {
    if (sameShape(target.shape, [count])) return oneHot(target, classes, { dtype: logits.dtype });
    throw new GenviewRangeError(
      `Cannot take a cross entropy: labels must be [${count}], found [${target.shape.join(",")}]`,
    );
  }
  if (target.dtype === logits.dtype && sameShape(target.shape, logits.shape)) return target;
  throw new GenviewTypeError(
    `Cannot take a cross entropy: the target must be int64[${count}] or ${
      formatType(logits.type)
    }, found ${formatType(target.type)}`,
  );
}

/**
 * The cross entropy -(1/N) sum_i w_i sum_c t_ic log softmax(x_i / T)_c of classes under logits, at least 0; log C where all
 * logits are alike. As `torch.nn.functional.cross_entropy`, but that the sum of weighted losses is divided by N.
 *
 * @param logits `[N, C]`, before the softmax
 * @param target labels int64 `[N]` in [0, C), or probabilities `[N, C]` whose rows add up to 1
 * @throws {RangeError} if shapes do not fit, or the temperature is not above 0
 * @throws {TypeError} if the target is neither labels nor of the logits' type
 */
export function crossEntropy(
  logits: Value,
  target: Value,
  options: CrossEntropyOptions = {},
): Value {
  if (logits.rank !== 2) {
    throw new GenviewRangeError(
      `Cannot take a cross entropy: logits must be [N,C], found [${logits.shape.join(",")}]`,
    );
  }
  const { temperature = 1 } = options;
  const chosen = mul(logSoftmax(cooled(logits, temperature)), probabilities(logits, target));
  return weightedMean(neg(reduceSum(chosen, { axis: 1 })), options.weights);
}
