/**
 * Gaussian blur of a batch whose samples each have their own width.
 *
 * Blurring along one axis with reflected borders is a product with a banded matrix, whose entries are exponentials of
 * squared distances: the whole blur is two matrix products a channel, and a width of 0 gives the identity.
 *
 * Source of the kernel and of the borders: torchvision, `transforms/_functional_tensor.py` (`gaussian_blur`).
 *
 * @module
 */
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { add } from "../../engine/ops/add.ts";
import { div } from "../../engine/ops/div.ts";
import { exp } from "../../engine/ops/exp.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { maximum } from "../../engine/ops/maximum.ts";
import { mul } from "../../engine/ops/mul.ts";
import { neg } from "../../engine/ops/neg.ts";
import { reduceSum } from "../../engine/ops/reduce_sum.ts";
import { reshape } from "../../engine/ops/reshape.ts";

/** Stands for a distance out of the kernel's reach; its exponential is 0 for every width. */
const OUT_OF_REACH = 1e9;

/** The narrowest blur that is told from none, in pixels: at it the neighbours' weights are 0 in float32. */
const NARROWEST = 1e-2;

/** Length of the kernel for views of a size: about a tenth of it and odd, 23 at 224, as SimCLR and its followers. */
export function blurKernelLength(size: number): number {
  return Math.max(3, 2 * Math.floor(size / 20) + 1);
}

/**
 * Squared distances `[size,size]` from each output (row) to each input (column) for one way to reach it: directly, or
 * by reflection at the first or the last pixel.
 */
function squaredDistances(
  size: number,
  radius: number,
  distance: (output: number, input: number) => number | undefined,
): Tensor<"float32"> {
  const data = new Float32Array(size * size).fill(OUT_OF_REACH);
  for (let output = 0; output < size; output++) {
    for (let input = 0; input < size; input++) {
      const found = distance(output, input);
      if (found !== undefined && Math.abs(found) <= radius) {
        data[output * size + input] = found * found;
      }
    }
  }
  return tensor("float32", [size, size], data);
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
  const last = size - 1;
  const ways = [
    squaredDistances(size, radius, (output, input) => output - input),
    squaredDistances(size, radius, (output, input) => input > 0 ? output + input : undefined),
    squaredDistances(
      size,
      radius,
      (output, input) => input < last ? 2 * last - output - input : undefined,
    ),
  ];
  const width = maximum(reshape(sigma, [-1, 1, 1, 1]), NARROWEST);
  const rate = neg(div(0.5, mul(width, width)));
  const weights = ways.map((way) => exp(mul(constant(reshaped(way, size)), rate)));
  const total = add(add(weights[0]!, weights[1]!), weights[2]!);
  const matrix = div(total, reduceSum(total, { axes: [-1], keepDims: true }));
  return matMul(matMul(matrix, images), matrix, { transposeB: true });
}

function reshaped(distances: Tensor<"float32">, size: number): Tensor<"float32"> {
  return tensor("float32", [1, 1, size, size], distances.data);
}
