/**
 * Statistics, sums and scaling of the channels of images of float16, on CUDA: images stay in float16, and what is one
 * number of a channel is float32.
 *
 * Float16 holds no square of a number beyond 256, and nothing below 6e-8: neither squares nor means of gradients are rounded
 * to it.
 *
 * @module
 */
import { elementCount } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import { filled } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { type BatchInputs, LARGE_PLANE } from "./_batch_statistics.ts";
import { checkChannels } from "./_channels.ts";
import {
  type ChannelStatistics,
  normalizeChannels,
  normalizeVector,
} from "./_normalize_channels.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
import { standardLayerNormalization } from "./_standard_layer_normalization.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { pow } from "./pow.ts";
import { reduceMean } from "./reduce_mean.ts";
import { reshape } from "./reshape.ts";
import { sub } from "./sub.ts";

/** Elements of a channel of one sample from which it is a row of its own: the kernel of rows has a warp at least for each. */
const SHORTEST_ROW = 16;

/** What is added to the variance of a row, for that of a constant one: nothing beside what is added to that of a channel. */
const ROW_EPSILON = 1e-12;

/** What 1 is the same with, in float32 as well. */
const NO_EPSILON = 1e-8;

/** Number of rows, one for each channel of each sample, and their length. */
function rowsOf(
  { shape }: Value,
): { batch: number; channels: number; rows: number; plane: number } {
  const [batch, channels, ...lengths] = shape as [number, number, ...number[]];
  return { batch, channels, rows: batch * channels, plane: elementCount(lengths) };
}

/** What takes images of float16 for CUDA as they are, and all else in another way. */
export function halfOr<Values extends { readonly x: Value }, Attributes, Made>(
  half: (values: Values, attributes: Attributes) => Made,
  other: (values: Values, attributes: Attributes) => Made,
): (values: Values, attributes: Attributes) => Made {
  return (values, attributes) => {
    const { x } = values;
    const isHalf = currentTarget().provider === "cuda" && x.dtype === "float16" &&
      rowsOf(x).plane >= SHORTEST_ROW;
    return (isHalf ? half : other)(values, attributes);
  };
}

/** Scale and bias in float32, once they and x are checked; throws with the reason alone. */
export function halfVectors(
  { x, scale, bias }: BatchInputs,
): { readonly scale: Value | undefined; readonly bias: Value | undefined } {
  const vectors = { scale: scale && cast(scale, "float32"), bias: bias && cast(bias, "float32") };
  checkChannels(x, vectors, "float32");
  return vectors;
}

/**
 * Mean and biased variance of each channel, float32 `[C]`: those of each row, which the kernel of layer normalisation has
 * in float32, put together (Chan, Golub & LeVeque 1979, equation 2.1).
 */
export function halfStatistics(x: Value): { readonly mean: Value; readonly variance: Value } {
  const { batch, channels, rows, plane } = rowsOf(x);
  const scale = constant(filled("float16", [plane], 1));
  const ofRows = standardLayerNormalization(
    { x: reshape(x, [rows, plane]), scale },
    { axis: 1, epsilon: ROW_EPSILON },
  );
  // Means over the last axis too, which is one long: those over leading axes are products, in TF32 of ten bits.
  const perSample = (value: Value) => reshape(value, [batch, channels, 1]);
  const ofChannels = (value: Value) => reduceMean(value, { axes: [0, 2] });
  const means = perSample(ofRows.mean);
  const mean = ofChannels(means);
  const apart = sub(means, reshape(mean, [channels, 1]));
  const variances = pow(perSample(ofRows.inverseDeviation), -2);
  return { mean, variance: ofChannels(add(variances, mul(apart, apart))) };
}

/** `(x - mean) scale + bias` of images of float16, by vectors of float32, rounded; the mean, if given, is float16 already. */
export function scaleHalf(x: Value, scale: Value, bias: Value, mean?: Value): Value {
  return normalizeChannels(x, {
    scale: cast(scale, "float16"),
    bias: cast(bias, "float16"),
    mean,
    variance: constant(filled("float16", scale.shape, 1)),
    epsilon: NO_EPSILON,
  });
}

/**
 * What {@linkcode normalizeChannels} makes of images of float16 by statistics of float32. The kernel takes vectors of
 * float16, which holds no variance beyond 256 squared: the deviation goes with the factor, and what the mean loses by
 * rounding with what is added.
 *
 * @param factor the scale over the deviation
 */
export function normalizeHalf(
  x: Value,
  factor: Value,
  statistics: ChannelStatistics & { readonly mean: Value },
): Value {
  const mean = cast(statistics.mean, "float16");
  const shift = normalizeVector(cast(mean, "float32"), statistics);
  return scaleHalf(x, factor, shift, mean);
}

/**
 * Sum of a tensor, or of the products of two, in each channel, float32 `[C]`. What is summed in a row is divided by about
 * the root of its length before it is rounded to float16, and so is of the size of what it is a sum of, where that is of
 * both signs; by a power of two, since ONNX Runtime rounds the factor as well.
 */
export function halfSum(a: Value, b?: Value): Value {
  const { batch, channels, rows, plane } = rowsOf(a);
  if (b !== undefined && plane < LARGE_PLANE) return halfSum(mul(a, b));
  const growth = 2 ** Math.round(Math.log2(plane) / 2);
  const sums = b === undefined
    ? matMul(reshape(a, [rows, plane]), constant(filled("float16", [plane, 1], 1)), {
      alpha: 1 / growth,
    })
    : matMul(reshape(a, [rows, 1, plane]), reshape(b, [rows, 1, plane]), {
      transposeB: true,
      alpha: 1 / growth,
    });
  // Numbers of float16 lose nothing in a product of TF32.
  const ones = constant(filled("float32", [1, batch], 1));
  const wide = cast(reshape(sums, [batch, channels]), "float32");
  return reshape(matMul(ones, wide, { alpha: growth }), [channels]);
}
