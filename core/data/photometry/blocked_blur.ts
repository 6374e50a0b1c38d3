/**
 * Blur of a single image by the blocked convolutions of ONNX Runtime's CPU provider, in two thirds of the time that
 * matrix products take.
 *
 * Those read channels in blocks: of each block all pixels, and of each pixel its channels next to each other. Rows of an image
 * cut into stretches are just that: an image of as many channels as a stretch has pixels, and S / stretch pixels wide. A
 * blur down the columns convolves each of these channels by itself, all with the same kernel, and nothing has to be
 * moved. A blur along the rows is one down the columns of the transposed image.
 *
 * @module
 */
import { defineOp } from "../../engine/graph/op.ts";
import type { Shape } from "../../engine/graph/shape.ts";
import { filled, int64 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { gather } from "../../engine/ops/gather.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import { gaussianWeights } from "./gaussian_weights.ts";
import { mirrored } from "./mirrored.ts";

const DepthwiseConv = defineOp({
  type: "Conv",
  domain: "com.microsoft.nchwc",
  inputs: ["x", "w"],
  outputs: ["y"],
  infer: ({ x }, { shape }: { readonly shape: Shape }) => ({ y: { dtype: x.dtype, shape } }),
  onnx: (_, { w }) => ({
    attributes: {
      kernel_shape: { ints: w!.shape.slice(2) },
      strides: { ints: [1, 1] },
      pads: { ints: [0, 0, 0, 0] },
      dilations: { ints: [1, 1] },
      group: { int: w!.shape[0]! },
    },
  }),
  gradient: "none",
});

/** Blurs down the columns with a kernel for each channel of a block, `[block,1,2r+1,1]` in their layout. */
function blurColumns(images: Value, kernel: Value, radius: number): Value {
  const [count, channels, size] = images.shape as [number, number, number];
  const block = kernel.shape[0]!;
  const rows = Array.from(
    { length: size + 2 * radius },
    (_, row) => mirrored(row - radius, size),
  );
  const padded = gather(images, constant(int64([rows.length], rows)), { axis: 2 });
  const maps = [count * channels, block];
  const blurred = DepthwiseConv(
    { x: reshape(padded, [...maps, rows.length, size / block]), w: kernel },
    { shape: [...maps, size, size / block] },
  );
  return reshape(blurred.y, images.shape);
}

/** Whether the blocked kernels blur images `[N,3,S,S]`, for blocks of so many channels; blocks of one are no blocks. */
export function suitsBlockedBlur([count, , , size]: Shape, block: number): boolean {
  return count === 1 && block > 1 && size! % block === 0;
}

/** Blurs an image `[1,3,S,S]` by a standard deviation `[1]`, with a kernel of a radius below S. */
export function blockedBlur(image: Value, sigma: Value, radius: number, block: number): Value {
  const distances = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
  const weights = reshape(gaussianWeights(sigma, [distances], radius), [distances.length, 1]);
  const each = mul(weights, constant(filled("float32", [1, block], 1)));
  const kernel = reshape(each, [block, 1, distances.length, 1]);
  const turn = (images: Value) => transpose(images, [0, 1, 3, 2]);
  const blurred = blurColumns(image, kernel, radius);
  return turn(blurColumns(turn(blurred), kernel, radius));
}
