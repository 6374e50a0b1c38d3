import { defineComposite } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import {
  type BatchGradients,
  type BatchInputs,
  channelDot,
  inRows,
  inWide,
  LARGE_PLANE,
  perChannel,
} from "./_batch_statistics.ts";
import { checkChannels, sumPerChannel } from "./_channels.ts";
import {
  halfOr,
  halfStatistics,
  halfSum,
  halfVectors,
  normalizeHalf,
  scaleHalf,
} from "./_half_channels.ts";
import { factorOf, normalizeChannels, normalizeVector } from "./_normalize_channels.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
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

/** What the formulation in few kernels makes. */
interface FusedOutputs extends BatchNormalizationOutputs {
  /** x less its mean; x itself where that is float16, of which nothing else is kept. */
  readonly centred: Value;
  /** The scale over the deviation, `[C]`. */
  readonly factor: Value;
}

function fuse({ x, scale, bias }: BatchInputs, { epsilon }: Attributes): FusedOutputs {
  checkChannels(x, { scale, bias });
  const mean = channelMean(x);
  const centred = sub(x, perChannel(mean, x));
  const variance = channelMean(centred, centred);
  const y = normalizeChannels(centred, { scale, bias, variance, epsilon });
  return { y, mean, variance, centred, factor: factorOf({ scale, variance, epsilon }) };
}

/** The same of images of float16, which stay so. */
function fuseHalf({ x, scale, bias }: BatchInputs, { epsilon }: Attributes): FusedOutputs {
  const vectors = halfVectors({ x, scale, bias });
  const { mean, variance } = halfStatistics(x);
  const statistics = { ...vectors, mean, variance, epsilon };
  const factor = factorOf(statistics);
  const y = normalizeHalf(x, factor, statistics);
  return { y, mean, variance, centred: x, factor };
}

type FusedGradientInputs = BatchInputs & FusedOutputs & { readonly dy: Value };

/** dx = g (dy - z), where z = (x - m)/s mean(dy (x - m)/s) + mean(dy) is what normalises with that scale and bias. */
function fusedGradient(
  { x, scale, bias, variance, centred, factor, dy }: FusedGradientInputs,
  { epsilon }: Attributes,
): BatchGradients {
  const share = x.shape[1]! / elementCount(x.shape);
  const dySum = sumPerChannel(dy);
  const dyNormalized = normalizeVector(channelDot(dy, centred), { variance, epsilon });
  const others = normalizeChannels(centred, {
    scale: mul(dyNormalized, share),
    bias: mul(dySum, share),
    variance,
    epsilon,
  });
  return {
    x: mul(sub(dy, others), perChannel(factor, x)),
    ...(scale && { scale: dyNormalized }),
    ...(bias && { bias: dySum }),
  };
}

/** The same of images of float16: (x - m)/s is rounded to it, whose numbers are of about 1 whatever those of x are. */
function halfFusedGradient(
  { x, scale, bias, mean, variance, factor, dy }: FusedGradientInputs,
  { epsilon }: Attributes,
): BatchGradients {
  const share = x.shape[1]! / elementCount(x.shape);
  const inverseDeviation = factorOf({ variance, epsilon });
  const normalized = normalizeHalf(x, inverseDeviation, { mean, variance, epsilon });
  const dySum = halfSum(dy);
  const dyNormalized = halfSum(dy, normalized);
  const others = scaleHalf(normalized, mul(dyNormalized, share), mul(dySum, share));
  return {
    x: mul(sub(dy, others), perChannel(cast(factor, x.dtype), x)),
    ...(scale && { scale: cast(dyNormalized, scale.dtype) }),
    ...(bias && { bias: cast(dySum, bias.dtype) }),
  };
}

/**
 * The same in few kernels, for CUDA: all that is linear in a channel is one. ONNX's own training mode is no way there: ONNX
 * Runtime's CUDA provider refuses it from version 14 of the operator on.
 */
const FusedBatchNormalization = defineComposite({
  type: "BatchNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "variance", "centred", "factor"],
  precision: "itself",
  expand: halfOr(fuseHalf, inWide(fuse)),
  gradient: halfOr(halfFusedGradient, inRows(({ mean }) => mean, fusedGradient)),
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
