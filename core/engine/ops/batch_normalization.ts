import { defineComposite } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { channelDot, inRows, inWide, LARGE_PLANE, perChannel } from "./_batch_statistics.ts";
import { checkChannels, sumPerChannel } from "./_channels.ts";
import { inverseDeviationOf, normalizeChannels } from "./_normalize_channels.ts";
import { add } from "./add.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { reciprocal } from "./reciprocal.ts";
import { reduceMean } from "./reduce_mean.ts";
import { reshape } from "./reshape.ts";
import { sqrt } from "./sqrt.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode batchNormalization}. */
export interface BatchNormalizationOptions {
  /** Scale of each channel `[C]`; one when left out. */
  readonly scale?: Value;
  /** Offset of each channel `[C]`; zero when left out. */
  readonly bias?: Value;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

/** What {@linkcode batchNormalization} makes. */
export interface BatchNormalizationOutputs {
  /** The normalised tensor. */
  readonly y: Value;
  /** Mean of each channel over the batch `[C]`; no gradient flows through it. */
  readonly mean: Value;
  /** Biased variance of each channel over the batch `[C]`; no gradient flows through it. */
  readonly variance: Value;
}

interface Attributes {
  readonly epsilon: number;
}

/** Mean of a tensor, or of the products of two, in each channel, `[C]`. */
function channelMean(a: Value, b?: Value): Value {
  const axes = a.shape.flatMap((_, axis) => axis === 1 ? [] : [axis]);
  const [batch, channels, ...lengths] = a.shape as [number, number, ...number[]];
  const plane = elementCount(lengths);
  if (b === undefined || plane < LARGE_PLANE) {
    return reduceMean(b === undefined ? a : mul(a, b), { axes });
  }
  const rows = [batch * channels, 1, plane];
  const means = matMul(reshape(a, rows), reshape(b, rows), { transposeB: true, alpha: 1 / plane });
  return reduceMean(reshape(means, [batch, channels]), { axes: [0] });
}

/**
 * The same in few kernels, for CUDA: all that is linear in a channel is one. ONNX's own training mode is no way there: ONNX
 * Runtime's CUDA provider refuses it from version 14 of the operator on.
 */
const FusedBatchNormalization = defineComposite({
  type: "BatchNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "variance", "centred", "inverseDeviation"],
  precision: "itself",
  expand: inWide(({ x, scale, bias }, { epsilon }: Attributes) => {
    checkChannels(x, { scale, bias });
    const mean = channelMean(x);
    const centred = sub(x, perChannel(mean, x));
    const variance = channelMean(centred, centred);
    return {
      y: normalizeChannels(centred, { scale, bias, variance, epsilon }),
      mean,
      variance,
      centred,
      inverseDeviation: inverseDeviationOf(variance, epsilon),
    };
  }),
  // dx = g (dy + z), where z = -(x - m)/s mean(dy (x - m)/s) - mean(dy) is what normalises with that scale and bias.
  gradient: inRows(
    ({ mean }) => mean,
    ({ x, scale, bias, variance, centred, inverseDeviation, dy }, { epsilon }: Attributes) => {
      const share = x.shape[1]! / elementCount(x.shape);
      const dySum = sumPerChannel(dy);
      const dyNormalized = mul(channelDot(dy, centred), inverseDeviation);
      const factor = scale === undefined ? inverseDeviation : mul(scale, inverseDeviation);
      const others = normalizeChannels(centred, {
        scale: mul(dyNormalized, -share),
        bias: mul(dySum, -share),
        variance,
        epsilon,
      });
      return {
        x: mul(add(dy, others), perChannel(factor, x)),
        ...(scale && { scale: dyNormalized }),
        ...(bias && { bias: dySum }),
      };
    },
  ),
});

const BatchNormalization = defineComposite({
  type: "BatchNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "variance", "centred", "inverseDeviation"],
  precision: "itself",
  expand: inWide(({ x, scale, bias }, { epsilon }: Attributes) => {
    checkChannels(x, { scale, bias });
    const share = x.shape[1]! / elementCount(x.shape);
    const mean = mul(sumPerChannel(x), share);
    const centred = sub(x, perChannel(mean, x));
    const variance = mul(channelDot(centred, centred), share);
    const inverseDeviation = reciprocal(sqrt(add(variance, epsilon)));
    const factor = scale === undefined ? inverseDeviation : mul(scale, inverseDeviation);
    const scaled = mul(centred, perChannel(factor, x));
    const y = bias === undefined ? scaled : add(scaled, perChannel(bias, x));
    return { y, mean, variance, centred, inverseDeviation };
  }),
  // dx = g (dy - mean(dy) - (x - m)/s^2 mean(dy (x - m))), g = scale/s: one term a channel each in dy, x - m and 1.
  gradient: inRows(({ mean }) => mean, ({ x, scale, bias, centred, inverseDeviation, dy }) => {
    const share = x.shape[1]! / elementCount(x.shape);
    const dySum = sumPerChannel(dy);
    const dyCentred = mul(channelDot(dy, centred), inverseDeviation);
    const factor = scale === undefined ? inverseDeviation : mul(scale, inverseDeviation);
    const ofCentred = neg(mul(mul(mul(factor, inverseDeviation), dyCentred), share));
    const ofOne = neg(mul(mul(factor, dySum), share));
    const dx = add(
      add(
        mul(dy, perChannel(factor, x)),
        mul(centred, perChannel(ofCentred, x)),
      ),
      perChannel(ofOne, x),
    );
    return {
      x: dx,
      ...(scale && { scale: dyCentred }),
      ...(bias && { bias: dySum }),
    };
  }),
});

/**
 * Batch normalisation with the statistics of the batch (Ioffe & Szegedy 2015, algorithm 1), over all axes but the
 * channels; the variance is computed in two passes, of the centred tensor.
 *
 * @param x `[N, C]` or `[N, C, ...]`
 * @throws {RangeError} if shapes do not fit
 * @throws {TypeError} if element types differ or are no floats
 */
export function batchNormalization(
  x: Value,
  { scale, bias, epsilon = 1e-5 }: BatchNormalizationOptions = {},
): BatchNormalizationOutputs {
  const apply = currentTarget().provider === "cuda" ? FusedBatchNormalization : BatchNormalization;
  const { y, mean, variance } = apply({ x, scale, bias }, { epsilon });
  return { y, mean, variance };
}
