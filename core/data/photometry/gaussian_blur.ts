/**
 * Gaussian blur of a batch whose samples each have their own width.
 *
 * Blurring along one axis is a product with a banded matrix. The axis is cut into blocks of equal length, so that the
 * band is one small matrix that all blocks share, and few of the products are with zeros.
 *
 * Source of the kernel and of the borders: torchvision, `transforms/_functional_tensor.py` (`gaussian_blur`).
 *
 * @module
 */
import { float32, int64 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { concat } from "../../engine/ops/concat.ts";
import { div } from "../../engine/ops/div.ts";
import { exp } from "../../engine/ops/exp.ts";
import { gather } from "../../engine/ops/gather.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { maximum } from "../../engine/ops/maximum.ts";
import { mul } from "../../engine/ops/mul.ts";
import { neg } from "../../engine/ops/neg.ts";
import { pad } from "../../engine/ops/pad.ts";
import { reduceSum } from "../../engine/ops/reduce_sum.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { slice } from "../../engine/ops/slice.ts";
import { transpose } from "../../engine/ops/transpose.ts";

/** Stands for a distance out of the kernel's reach; its exponential is 0 for every width. */
const OUT_OF_REACH = 1e9;

/** The narrowest blur that is told from none, in pixels: at it the neighbours' weights are 0 in float32. */
const NARROWEST = 1e-2;

/** Standard deviations beyond which the kernel is cut: all that lies there together weighs 0.0001 at most. */
const FURTHEST = 4;

/** Longest block of an axis: shorter ones repeat more of their borders, longer ones multiply more zeros. */
const LONGEST_BLOCK = 32;

/** How a blur is computed. */
export interface GaussianBlurOptions {
  /** Odd length of the kernel in pixels, below twice that of the image. */
  readonly kernelLength: number;
  /** No standard deviation is larger, in pixels; it saves products where the kernel reaches much further. */
  readonly widest?: number;
}

/** Length of the kernel for views of a size: about a tenth of it and odd, 23 at 224, as SimCLR and its followers. */
export function blurKernelLength(size: number): number {
  return Math.max(3, 2 * Math.floor(size / 20) + 1);
}

/** The longest block that divides an axis; the whole axis if only tiny ones do. */
function blockLength(size: number): number {
  for (let block = LONGEST_BLOCK; block >= 8; block--) if (size % block === 0) return block;
  return size;
}

/** How far the kernel reaches, in pixels. */
function radiusOf(size: number, { kernelLength, widest = Infinity }: GaussianBlurOptions): number {
  const radius = (kernelLength - 1) / 2;
  if (!Number.isInteger(radius) || radius < 1 || radius >= size) {
    throw new RangeError(
      `Cannot blur: the kernel's length must be odd, at least 3 and below ${
        2 * size
      }, found ${kernelLength}`,
    );
  }
  return Math.min(radius, Math.max(1, Math.ceil(FURTHEST * widest)));
}

/** The band `[N,block,block+2r]`: row i weighs the pixels i to i + 2r of a block and its borders. */
function bandOf(sigma: Value, block: number, radius: number): Value {
  const reach = block + 2 * radius;
  const distances = Array.from({ length: block * reach }, (_, at) => {
    const distance = at % reach - Math.floor(at / reach) - radius;
    return Math.abs(distance) <= radius ? distance * distance : OUT_OF_REACH;
  });
  const width = maximum(reshape(sigma, [-1, 1, 1]), NARROWEST);
  const rate = neg(div(0.5, mul(width, width)));
  const weights = exp(mul(constant(float32([1, block, reach], distances)), rate));
  return div(weights, reduceSum(weights, { axes: [-1], keepDims: true }));
}

/** Which rows each block and its borders are made of, `[blocks,block+2r]`, mirrored beyond the edges. */
function rowsOfBlocks(size: number, block: number, radius: number): Value {
  const reach = block + 2 * radius;
  const rows = Array.from({ length: size / block * reach }, (_, at) => {
    const row = Math.abs(Math.floor(at / reach) * block + at % reach - radius);
    return row < size ? row : 2 * (size - 1) - row;
  });
  return constant(int64([size / block, reach], rows));
}

/** Blurs down the columns: rows are long, so they are gathered block by block. */
function blurColumns(images: Value, band: Value, radius: number): Value {
  const [count, block, reach] = band.shape as [number, number, number];
  const index = rowsOfBlocks(images.shape[2]!, block, radius);
  const weights = reshape(band, [count, 1, 1, block, reach]);
  return reshape(matMul(weights, gather(images, index, { axis: 2 })), images.shape);
}

/** Blurs along the rows: each block of columns, with its borders, is cut out of all rows at once. */
function blurRows(images: Value, band: Value, radius: number): Value {
  const [count, channels, height, size] = images.shape as [number, number, number, number];
  const block = band.shape[1]!;
  const padded = pad(images, [0, 0, 0, radius, 0, 0, 0, radius], { mode: "reflect" });
  const rows = reshape(padded, [count, channels * height, size + 2 * radius]);
  const weights = transpose(band, [0, 2, 1]);
  const parts = Array.from({ length: size / block }, (_, i) => {
    const start = i * block;
    const part = slice(rows, { starts: [start], ends: [start + block + 2 * radius], axes: [2] });
    return matMul(part, weights);
  });
  return reshape(concat(parts, { axis: 2 }), images.shape);
}

/**
 * Blurs images `[N,3,S,S]`, each with its own standard deviation `[N]` in pixels; 0 leaves an image as it is.
 *
 * @throws {RangeError} if the kernel is even or reaches further than one reflection
 */
export function gaussianBlur(images: Value, sigma: Value, options: GaussianBlurOptions): Value {
  const size = images.shape[2]!;
  const radius = radiusOf(size, options);
  const band = bandOf(sigma, blockLength(size), radius);
  return blurRows(blurColumns(images, band, radius), band, radius);
}
