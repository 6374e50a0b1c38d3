/**
 * The choice of formulations where no tuning table has one: rules that `bench/conv.ts` justifies, on the shapes of
 * ResNets, vision transformers, ConvNeXt and a generator's autoencoder and UNet.
 *
 * @module
 */
import { elementCount } from "../../graph/shape.ts";
import { currentTarget } from "../../graph/target.ts";
import { suitsDense } from "./dense.ts";
import { FORWARD } from "./forward.ts";
import { type ConvProblem, isDepthwise, isPointwise, spatial } from "./problem.ts";
import { INPUT_GRADIENTS } from "./input_gradients.ts";
import type { ConvChoice } from "./tuning.ts";
import { WEIGHT_GRADIENTS } from "./weight_gradients.ts";
import { suitsWinograd, winogradCounts } from "./winograd.ts";

/**
 * Positions of all windows of all images from which blocked kernels pay, with few channels and with many: each weight has to
 * be moved first.
 */
const BLOCKED_POSITIONS = { least: 128, most: 256 };

/** Images of a single pixel from which one product for the whole batch beats a product for each image. */
const LARGE_BATCH = 16;

/**
 * Images from which one product of all inputs by all outputs pays, whose weight has to be gathered first, and elements up to
 * which that is small.
 */
const DENSE_BATCH = { ofSmallWeight: 8, small: 1 << 20, ofLargeWeight: 16 };

/** The same for the gradient by the weight, whose places have to be summed. */
const DENSE_WEIGHT_BATCH = 128;

function positions({ y }: ConvProblem): number {
  return elementCount(y) / y[1]!;
}

function isProduct(problem: ConvProblem): boolean {
  return isPointwise(problem) && problem.attributes.group === 1;
}

/** The channels of the side that has fewer. */
function fewestChannels({ w: [outputs, inputs] }: ConvProblem): number {
  return Math.min(outputs!, inputs!);
}

function blockedPays(problem: ConvProblem): boolean {
  const { least, most } = BLOCKED_POSITIONS;
  const needed = Math.min(most, Math.max(least, fewestChannels(problem) / 2));
  return isDepthwise(problem) || positions(problem) >= needed;
}

function isGathered({ x, y, attributes }: ConvProblem): boolean {
  return elementCount(spatial(y)) === 1 && x[0]! >= LARGE_BATCH && attributes.group === 1;
}

function densePays(problem: ConvProblem): boolean {
  const { x: [images, inputs], y: [, outputs] } = problem;
  const [read, written] = [problem.x, problem.y].map((shape) => elementCount(spatial(shape)));
  const elements = inputs! * read! * outputs! * written!;
  const { ofSmallWeight, small, ofLargeWeight } = DENSE_BATCH;
  return suitsDense(problem) && images! >= (elements <= small ? ofSmallWeight : ofLargeWeight);
}

/** Where kernels are not strided over the map, and it has more than one pixel: others are as fast there. */
function denseWeightPays(problem: ConvProblem): boolean {
  const [read, written] = [spatial(problem.x), spatial(problem.y)].map(elementCount);
  return densePays(problem) && read === written && read! > 1 &&
    problem.x[0]! >= DENSE_WEIGHT_BATCH;
}

/** From which sizes it pays to transform maps and kernels. */
interface TransformBounds {
  /** Channels of both sides: matrix products over fewer are slow. */
  readonly channels: number;
  /**
   * Rows of those products, the tiles of all images, from which it pays to transform the kernel; and an eighth of the
   * channels, where that is more.
   */
  readonly tiles: number;
  /** Most products for each pixel of the output, of which the blocked kernels take 9. */
  readonly products: number;
  /**
   * The same where rows have at most 3 pixels, fewer than the blocked kernels compute at once: maps of 3 x 3 take 64 / 9
   * products for each.
   */
  readonly productsOfShortRows: number;
}

/**
 * For the convolution and its gradient by the input: with 16 images and 128 channels, 0.8 of the blocked kernels' time at
 * 4 x 4 pixels; with 160 channels, 0.8 at 3 x 3.
 */
const MAP_BOUNDS: TransformBounds = {
  channels: 128,
  tiles: 32,
  products: 4.5,
  productsOfShortRows: 7.2,
};

/** For the gradient by the weight, whose products have few rows where channels are few. */
const WEIGHT_BOUNDS: TransformBounds = {
  channels: 256,
  tiles: 128,
  products: 4.5,
  productsOfShortRows: 4.5,
};

/** Whether products and transforms are few enough: at 8 x 8 pixels and 256 channels, 0.8 of the blocked kernels' time. */
function transformsPay(
  problem: ConvProblem,
  block: number,
  bounds: TransformBounds,
): boolean {
  if (!suitsWinograd(problem, block)) return false;
  const { x, w, y } = problem;
  const [outputs, inputs] = w as [number, number];
  const { products, tiles } = winogradCounts(problem);
  const channels = fewestChannels(problem);
  const most = y.at(-1)! <= 3 ? bounds.productsOfShortRows : bounds.products;
  return channels >= bounds.channels && x[0]! * tiles >= Math.max(bounds.tiles, channels / 8) &&
    products <= most && 2 * elementCount(spatial(x)) * (outputs + inputs) <= outputs * inputs;
}

function chooseForward(problem: ConvProblem, block: number): ConvChoice["forward"] {
  // Pointwise ones too: what is around them then stays in the blocked layout.
  const isBlocked = blockedPays(problem) && FORWARD.blocked.suits(problem, block);
  if (isProduct(problem)) return isBlocked ? "blocked" : "product";
  if (densePays(problem)) return "dense";
  if (transformsPay(problem, block, MAP_BOUNDS)) return "winograd";
  if (isBlocked) return "blocked";
  return isGathered(problem) ? "gathered" : "direct";
}

/** On CUDA always cuDNN's own: one launch, where every other one moves the weight first. */
function chooseInputGradient(problem: ConvProblem, block: number): ConvChoice["inputGradient"] {
  if (currentTarget().provider === "cuda") return "transposed";
  const isBlocked = blockedPays(problem) && INPUT_GRADIENTS.blocked.suits(problem, block);
  if (isProduct(problem)) return isBlocked ? "blocked" : "product";
  if (densePays(problem)) return "dense";
  if (transformsPay(problem, block, MAP_BOUNDS)) return "winograd";
  if (isBlocked) return "blocked";
  if (blockedPays(problem) && INPUT_GRADIENTS.phases.suits(problem, block)) return "phases";
  return INPUT_GRADIENTS.turned.suits(problem, block) ? "turned" : "transposed";
}

/**
 * Whether the products of all images, which are written and summed, are smaller than what is transposed otherwise: of
 * each image K C numbers, instead of K + C times its positions, one pass of which takes somewhat longer.
 */
function hasSmallProducts({ w, y }: ConvProblem): boolean {
  const [outputs, inputs] = w as [number, number];
  return outputs * inputs < 0.75 * elementCount(spatial(y)) * (outputs + inputs);
}

function chooseWeightGradient(problem: ConvProblem, block: number): ConvChoice["weightGradient"] {
  if (WEIGHT_GRADIENTS.diagonals.suits(problem, 1)) return "diagonals";
  if (denseWeightPays(problem)) return "dense";
  const single = spatial(problem.w).every((length) => length === 1);
  if (single) return hasSmallProducts(problem) ? "images" : "taps";
  if (transformsPay(problem, block, WEIGHT_BOUNDS)) return "winograd";
  const several = elementCount(spatial(problem.y)) > 1;
  if (several && blockedPays(problem) && WEIGHT_GRADIENTS.blocked.suits(problem, block)) {
    return "blocked";
  }
  return WEIGHT_GRADIENTS.wide.suits(problem, 1) ? "wide" : "taps";
}

/** The formulations for a problem, for blocks of so many channels. */
export function chooseFormulations(problem: ConvProblem, block: number): ConvChoice {
  return {
    forward: chooseForward(problem, block),
    inputGradient: chooseInputGradient(problem, block),
    weightGradient: chooseWeightGradient(problem, block),
  };
}
