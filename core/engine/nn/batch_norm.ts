import { GenviewRangeError } from "../../errors/mod.ts";
import { elementCount } from "../graph/shape.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { batchNormalization } from "../ops/batch_normalization.ts";
import { batchNormalizationInference } from "../ops/batch_normalization_inference.ts";
import { mul } from "../ops/mul.ts";
import { constantInitializer, type Initializer } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Share of the running statistics that a step keeps: 1 less what PyTorch calls momentum, 0.1. */
const KEPT = 0.9;

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Whether a scale and an offset are learned (default true). */
  readonly affine?: boolean;
  /** Initial scale (default one). */
  readonly weightInitializer?: Initializer;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

/** Moves the running statistics towards those of the batch, whose variance PyTorch keeps unbiased. */
function updateStatistics(layer: Scope, mean: Value, variance: Value, count: number): void {
  const unbiased = mul(variance, count / (count - 1));
  for (const [name, batch] of [["running_mean", mean], ["running_var", unbiased]] as const) {
    const initial = constantInitializer(name === "running_var" ? 1 : 0);
    const before = layer.buffer(name, batch.shape, initial);
    layer.write(name, add(mul(before, KEPT), mul(batch, 1 - KEPT)));
  }
  const batches = layer.buffer("num_batches_tracked", [], constantInitializer(0), "int64");
  layer.write("num_batches_tracked", add(batches, 1));
}

/**
 * Batch normalisation over all axes but the channels (Ioffe & Szegedy 2015), as `torch.nn.BatchNorm1d` and
 * `BatchNorm2d`: parameters `weight` and `bias`, buffers `running_mean`, `running_var` and `num_batches_tracked`.
 * In training the batch's statistics normalise and move the running ones by a tenth; otherwise the running ones do.
 *
 * @param x `[N, C]` or `[N, C, H, W]`
 * @throws {RangeError} if in training a channel has one element only
 */
export function batchNorm(
  scope: Scope,
  name: string,
  x: Value,
  options: BatchNormOptions = {},
): Value {
  return scope.enter(name, (layer) => {
    const { affine = true, weightInitializer = constantInitializer(1), epsilon = 1e-5 } = options;
    const channels = x.shape[1]!;
    const scaled = affine && {
      scale: layer.parameter("weight", [channels], weightInitializer),
      bias: layer.parameter("bias", [channels], constantInitializer(0)),
    };
    if (!layer.training) {
      const mean = layer.buffer("running_mean", [channels], constantInitializer(0));
      const variance = layer.buffer("running_var", [channels], constantInitializer(1));
      layer.buffer("num_batches_tracked", [], constantInitializer(0), "int64");
      return batchNormalizationInference(x, { ...scaled, mean, variance, epsilon });
    }
    const count = elementCount(x.shape) / channels;
    if (count < 2) {
      throw new GenviewRangeError(
        `Cannot normalise batch in layer "${layer.path}": a channel must have at least 2 ` +
          `elements in training, found ${formatType(x.type)}`,
      );
    }
    const { y, mean, variance } = batchNormalization(x, { ...scaled, epsilon });
    updateStatistics(layer, mean, variance, count);
    return y;
  });
}
