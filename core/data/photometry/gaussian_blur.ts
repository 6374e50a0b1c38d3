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
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { concat } from "../../engine/ops/concat.ts";
import { div } from "../../engine/ops/div.ts";
import { exp } from "../../engine/ops/exp.ts";
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

/** Longest block of an axis: shorter ones repeat more of their borders, longer ones multiply more zeros. */
const LONGEST_BLOCK = 32;

/** Length of the kernel for views of a size: about a tenth of it and odd, 23 at 224, as SimCLR and its followers. */
export function blurKernelLength(size: number): number {
  return Math.max(3, 2 * Math.floor(size / 20) + 1);
}

/** The longest block that divides an axis; the whole axis if only tiny ones do. */
function blockLength(size: number): number {
  for (let block = LONGEST_BLOCK; block >= 8; block--) if (size % block === 0) return block;
  return size;
}

/** The band `[N,1,1,block,block+2r]`: row i weighs the pixels i to i + 2r of a block and its borders. */
function band(sigma: Value, block: number, radius: number): Value {
  const reach = block + 2 * radius;
  const distances = Array.from({ length: block * reach }, (_, at) => {
    const distance = at % reach - Math.floor(at / reach) - radius;
    return Math.abs(distance) <= radius ? distance * distance : OUT_OF_REACH;
  });
  const width = maximum(reshape(sigma, [-1, 1, 1, 1, 1]), NARROWEST);
  const rate = neg(div(0.5, mul(width, width)));
  const weights = exp(mul(constant(float32([1, 1, 1, block, reach], distances)), rate));
  return div(weights, reduceSum(weights, { axes: [-1], keepDims: true }));
}

/** Blocks of an axis with their borders, stacked along a new axis 2. */
function blocksOf(images: Value, axis: 2 | 3, block: number, radius: number): Value {
  const pads = [2, 3].map((other) => other === axis ? radius : 0);
  const padded = pad(images, [0, 0, ...pads, 0, 0, ...pads], { mode: "reflect" });
  const parts = [];
  for (let start = 0; start < images.shape[axis]!; start += block) {
    const part = slice(padded, {
      starts: [start],
      ends: [start + block + 2 * radius],
      axes: [axis],
    });
    parts.push(reshape(part, [...part.shape.slice(0, 2), 1, ...part.shape.slice(2)]));
  }
  return concat(parts, { axis: 2 });
}

/**
 * Blurs images `[N,3,S,S]`, each with its own standard deviation `[N]` in pixels; 0 leaves an image as it is.
 *
 * @param kernelLength odd length of the kernel, at most 2S - 1
 * @throws {RangeError} if the kernel is even or reaches further than one reflection
 */
export function gaussianBlur(images: Value, sigma: Value, kernelLength: number): Value {
  const size = images.shape[2]!;
  const radius = (kernelLength - 1) / 2;
  if (!Number.isInteger(radius) || radius < 1 || radius >= size) {
    throw new RangeError(
      `Cannot blur: the kernel's length must be odd, at least 3 and below ${
        2 * size
      }, found ${kernelLength}`,
    );
  }
  const block = blockLength(size);
  const weights = band(sigma, block, radius);
  const rows = reshape(matMul(weights, blocksOf(images, 2, block, radius)), images.shape);
  const columns = matMul(blocksOf(rows, 3, block, radius), weights, { transposeB: true });
  return reshape(transpose(columns, [0, 1, 3, 2, 4]), images.shape);
}
