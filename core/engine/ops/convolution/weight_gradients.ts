/**
 * Ways to compute the gradient of a convolution by its weight. All give the same numbers up to rounding.
 *
 * With one position l for each window of each image, dw[k, c, tap] is the sum over l of dy[k, l] x[c, l + tap]: a
 * matrix product, whose operands have to be gathered in one way or another.
 *
 * @module
 */
import { elementCount } from "../../graph/shape.ts";
import { filled } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { concat } from "../concat.ts";
import { directConv } from "../conv.ts";
import { matMul } from "../mat_mul.ts";
import { pad } from "../pad.ts";
import { reduceSum } from "../reduce_sum.ts";
import { reshape } from "../reshape.ts";
import { slice } from "../slice.ts";
import { transpose } from "../transpose.ts";
import { allTaps, padSpatial, tapCount } from "./_taps.ts";
import { blocked, blockedProduct, suitsBlocks, unblocked } from "./blocked_layout.ts";
import { blockedWeightGradient, suitsBlockedWeightGradient } from "./blocked_weight_gradient.ts";
import { denseWeightGradient, suitsDense } from "./dense.ts";
import type { Formulation } from "./forward.ts";
import { type ConvProblem, isDepthwise, paddingEnd, reachesInput, spatial } from "./problem.ts";
import { suitsWinograd, winogradWeightGradient } from "./winograd.ts";

/** What the gradient by the weight is made of. */
export interface WeightGradientValues {
  /** Input of the convolution, `[N, C, ...]`. */
  readonly x: Value;
  /** Gradient by its output, `[N, K, ...]`. */
  readonly dy: Value;
}

const transposeB = true;

/** `[N, G * C, ...]` as `[G, C, N, ...]`. */
function channelsFirst(x: Value, group: number): Value {
  const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]];
  const split = reshape(x, [batch, group, channels / group, ...lengths]);
  return transpose(split, [1, 2, 0, ...lengths.map((_, axis) => axis + 3)]);
}

/** `[..., taps * C]` of G * K rows as the weight's shape, `[K, C, ...]`; a Transpose of a single tap would copy. */
function tapsLast(product: Value, problem: ConvProblem): Value {
  const { w } = problem;
  const taps = tapCount(problem);
  const rows = reshape(product, [w[0]!, taps, w[1]!]);
  return reshape(taps === 1 ? rows : transpose(rows, [0, 2, 1]), w);
}

function columns({ x, dy }: WeightGradientValues, problem: ConvProblem): Value {
  const { w, attributes: { group } } = problem;
  const padded = padSpatial(channelsFirst(x, group), problem);
  const taps = allTaps(padded, problem).map((tap) => reshape(tap, [group, w[1]!, -1]));
  const gradient = reshape(channelsFirst(dy, group), [group, w[0]! / group, -1]);
  return tapsLast(matMul(gradient, concat(taps, { axis: 1 }), { transposeB }), problem);
}

/**
 * A strided pointwise convolution as one of the pixels that it reads alone. Blocked kernels pick them by a depthwise
 * convolution by ones, which changes none; Slice copies element by element, in several times the time.
 */
function withoutSkipped(
  { x, dy }: WeightGradientValues,
  problem: ConvProblem,
  block: number,
): { values: WeightGradientValues; problem: ConvProblem } {
  const { attributes, y } = problem;
  const channels = problem.x[1]!;
  const { strides, pads } = attributes;
  const isStrided = problem.x.length === 4 && spatial(problem.w).every((n) => n === 1) &&
    strides.some((n) => n > 1) && pads.every((n) => n === 0);
  const picking = {
    dtype: problem.dtype,
    x: problem.x,
    w: [channels, 1, 1, 1],
    y: [y[0]!, channels, ...spatial(y)],
    attributes: { ...attributes, group: channels },
  };
  if (!isStrided || !suitsBlocks(picking, block)) return { values: { x, dy }, problem };
  const weight = constant(filled(x.dtype, picking.w, 1));
  const read = unblocked(blockedProduct({ x: blocked(x), weight }, picking));
  return {
    values: { x: read, dy },
    problem: { ...problem, x: picking.y, attributes: { ...attributes, strides: [1, 1] } },
  };
}

/** A formulation that is given the pixels alone that a pointwise convolution reads. */
function ofReadPixels(
  build: (values: WeightGradientValues, problem: ConvProblem) => Value,
): Formulation<WeightGradientValues>["build"] {
  return (values, problem, block) => {
    const read = withoutSkipped(values, problem, block);
    return build(read.values, read.problem);
  };
}

function taps({ x, dy }: WeightGradientValues, problem: ConvProblem): Value {
  const { w, attributes: { group } } = problem;
  const padded = padSpatial(channelsFirst(x, group), problem);
  const gradient = reshape(channelsFirst(dy, group), [group, w[0]! / group, -1]);
  const products = allTaps(padded, problem).map((tap) =>
    matMul(gradient, reshape(tap, [group, w[1]!, -1]), { transposeB })
  );
  return tapsLast(concat(products, { axis: 2 }), problem);
}

function images({ x, dy }: WeightGradientValues, problem: ConvProblem): Value {
  const { w, attributes: { group } } = problem;
  const [batch] = x.shape as [number];
  const padded = padSpatial(x, problem);
  const gradient = reshape(dy, [batch, group, w[0]! / group, -1]);
  const products = allTaps(padded, problem).map((tap) => {
    const perImage = matMul(gradient, reshape(tap, [batch, group, w[1]!, -1]), { transposeB });
    return reshape(reduceSum(perImage, { axis: 0 }), [w[0]!, w[1]!]);
  });
  return tapsLast(concat(products, { axis: 1 }), problem);
}

/** Elements after those that windows read, cut off. */
function withoutRest(x: Value, problem: ConvProblem, firstAxis: number): Value {
  const kept = paddingEnd(problem).map((end, axis) =>
    x.shape[firstAxis + axis]! + Math.min(end, 0)
  );
  const axes = kept.map((_, axis) => firstAxis + axis);
  return slice(x, { starts: kept.map(() => 0), ends: kept, axes });
}

/**
 * One image whose channels are the images of the batch, and whose pixels are followed by their channels' neighbours in
 * a row: `[G, N, ...lengths but the last, last * C]`.
 */
function wideImage(x: Value, problem: ConvProblem): Value {
  const { group } = problem.attributes;
  const [batch, channels] = x.shape as [number, number];
  const lengths = spatial(x.shape);
  const each = channels / group;
  // One exchange of axes after the other, each of which ONNX Runtime does in large pieces. A single group is first already,
  // and a Transpose that moves it would copy the map.
  const groups = reshape(x, [batch, group, each * elementCount(lengths)]);
  const groupsFirst = group === 1 ? groups : transpose(groups, [1, 0, 2]);
  const pixelsFirst = transpose(reshape(groupsFirst, [group * batch, each, -1]), [0, 2, 1]);
  const pixels = reshape(pixelsFirst, [group * batch, ...lengths, each]);
  const read = withoutRest(pixels, problem, 1);
  const rows = read.shape.slice(1, -2);
  return reshape(read, [1, group * batch, ...rows, read.shape.at(-2)! * each]);
}

function wide({ x, dy }: WeightGradientValues, problem: ConvProblem): Value {
  const { w, y, attributes: { group, strides, pads } } = problem;
  const each = w[1]!;
  const kernel = spatial(w);
  const rank = kernel.length;
  const widened = (list: readonly number[]) => list.with(-1, list.at(-1)! * each);
  const end = paddingEnd(problem).map((n) => Math.max(n, 0));
  const gradient = reshape(channelsFirst(dy, group), [y[1]!, y[0]!, ...spatial(y)]);
  const product = directConv(wideImage(x, problem), gradient, {
    strides: kernel.map(() => 1),
    pads: [...widened(pads.slice(0, rank)), ...widened(end)],
    dilations: widened(strides),
    group,
  });
  return tapsLast(product, problem);
}

function diagonals({ x, dy }: WeightGradientValues, problem: ConvProblem): Value {
  const { w, y } = problem;
  const [channels, , height, width] = w as [number, number, number, number];
  const [outHeight, outWidth] = spatial(y) as [number, number];
  const padded = padSpatial(channelsFirst(x, channels), problem);
  const read = outWidth + width - 1;
  const pixels = slice(padded, { starts: [0], ends: [read], axes: [4] });
  const gradient = reshape(channelsFirst(dy, channels), [channels, -1, outWidth]);
  const products = Array.from({ length: height }, (_, row) => {
    const rows = slice(pixels, { starts: [row], ends: [row + outHeight], axes: [3] });
    const product = matMul(gradient, reshape(rows, [channels, -1, read]), { transposeA: true });
    return reshape(product, [channels, 1, outWidth * read]);
  });
  // In rows one longer than they are, diagonals become columns.
  const flat = reshape(concat(products, { axis: 1 }), [channels * height, outWidth * read]);
  const skewed = reshape(pad(flat, [0, 0, 0, outWidth]), [channels * height, outWidth, read + 1]);
  const columns = slice(skewed, { starts: [0], ends: [width], axes: [2] });
  return reshape(reduceSum(columns, { axis: 1 }), w);
}

/** Names of the formulations of the gradient by the weight. */
export type WeightGradientName =
  | "columns"
  | "taps"
  | "images"
  | "dense"
  | "winograd"
  | "wide"
  | "blocked"
  | "diagonals";

/** Formulations of the gradient by the weight. */
export const WEIGHT_GRADIENTS: Readonly<
  Record<WeightGradientName, Formulation<WeightGradientValues>>
> = {
  /**
   * All taps of the channel-first input, concatenated, times the channel-first gradient. The taps take as many times
   * the memory of the input as the kernel has elements.
   */
  columns: { suits: () => true, build: columns },
  /** The same with a product for each tap: less memory, smaller products. */
  taps: { suits: () => true, build: ofReadPixels(taps) },
  /** A product for each tap of each image, summed over the images: nothing is transposed. */
  images: { suits: () => true, build: ofReadPixels(images) },
  /** One matrix product of all inputs by all outputs, for maps with fewer pixels than the kernel has elements. */
  dense: { suits: suitsDense, build: ({ x, dy }, problem) => denseWeightGradient(x, dy, problem) },
  /** Products of transformed maps and gradients, for kernels of 3 x 3. */
  winograd: {
    suits: suitsWinograd,
    build: ({ x, dy }, problem, block) => winogradWeightGradient(x, dy, problem, block),
  },
  /**
   * A single convolution by dy: the images of the batch are the channels that are summed, and the channels lie side by
   * side in a row, so that a shift by one pixel is a shift by all channels. Gathering is left to the convolution, which
   * does it in pieces that fit the cache. For dilations of 1, and windows of which some elements reach the input.
   */
  wide: {
    suits: (problem) => problem.attributes.dilations.every((n) => n === 1) && reachesInput(problem),
    build: wide,
  },
  /** The same by the blocked kernels of ONNX Runtime's CPU provider. */
  blocked: { suits: suitsBlockedWeightGradient, build: blockedWeightGradient },
  /**
   * For depthwise convolutions of images: products of all pairs of pixels in a row, whose diagonals are the shifts by
   * as many pixels. It computes several times what is needed, but as matrix products.
   */
  diagonals: {
    suits: (problem) => {
      const { x, w, attributes: { strides, dilations } } = problem;
      return isDepthwise(problem) && w[0] === x[1] && x.length === 4 &&
        [...strides, ...dilations].every((n) => n === 1);
    },
    build: diagonals,
  },
};
