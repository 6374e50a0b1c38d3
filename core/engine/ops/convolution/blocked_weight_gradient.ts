/**
 * The gradient of a convolution by its weight, by ONNX Runtime's blocked kernels.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import { pad } from "../pad.ts";
import { reshape } from "../reshape.ts";
import { slice } from "../slice.ts";
import { transpose } from "../transpose.ts";
import { blocked, blockedProduct, unblocked } from "./blocked_layout.ts";
import { type ConvProblem, paddingEnd, reachesInput } from "./problem.ts";

/** Whether the blocked kernels compute the gradient by the weight, for blocks of so many channels. */
export function suitsBlockedWeightGradient(problem: ConvProblem, block: number): boolean {
  const { dtype, x, w, attributes: { group, dilations } } = problem;
  return block > 1 && dtype === "float32" && x.length === 4 && group === 1 &&
    [x[0]!, x[1]!, w[0]!].every((length) => length % block === 0) &&
    dilations.every((n) => n === 1) && reachesInput(problem);
}

/**
 * The input as images whose channels are the images of the batch: one image for each block of channels, which lie side
 * by side in a row, so that a shift by one pixel is a shift by a block. `[C / block, N, H, W * block]`, blocked.
 *
 * Zeros at the ends of the rows are written: the kernels take several times as long where a window reaches past a row.
 */
function imagesOfBlocks(x: Value, problem: ConvProblem, block: number): Value {
  const [batch, channels, height, width] = problem.x as [number, number, number, number];
  const blocks = channels / block;
  const samplesLast = blocked(reshape(blocked(x), [1, batch, channels * height * width, 1]));
  const rows = [batch / block, blocks, height, width, block * block];
  const images = transpose(reshape(samplesLast, rows), [1, 0, 2, 3, 4]);
  const end = paddingEnd(problem);
  const read = end.some((n) => n < 0)
    ? slice(images, {
      starts: [0, 0],
      ends: [height + Math.min(end[0]!, 0), width + Math.min(end[1]!, 0)],
      axes: [2, 3],
    })
    : images;
  const [before, after] = [problem.attributes.pads[1]!, Math.max(end[1]!, 0)];
  const padded = pad(read, [0, 0, 0, before, 0, 0, 0, 0, after, 0]);
  return reshape(padded, [blocks, batch, padded.shape[2]!, padded.shape[3]! * block]);
}

/** dy as a kernel of as many inputs as there are images, in the order in which the blocked kernels read it. */
function kernelOfSamples(dy: Value, { y }: ConvProblem, block: number): Value {
  const [batch, outputs, ...lengths] = y as [number, number, number, number];
  const split = [batch / block, block, outputs / block, lengths[0]! * lengths[1]!, block];
  const kernel = transpose(reshape(blocked(dy), split), [2, 0, 3, 1, 4]);
  return reshape(kernel, [outputs, batch, ...lengths]);
}

/** A single convolution by dy, in which the images of the batch are the channels that are summed. */
export function blockedWeightGradient(
  { x, dy }: { readonly x: Value; readonly dy: Value },
  problem: ConvProblem,
  block: number,
): Value {
  const { w, attributes: { strides, pads } } = problem;
  const [outputs, , height, width] = w as [number, number, number, number];
  const images = imagesOfBlocks(x, problem, block);
  const weight = kernelOfSamples(dy, problem, block);
  const [blocks] = images.shape as [number];
  const product = blockedProduct({ x: images, weight }, {
    dtype: problem.dtype,
    x: images.shape,
    w: weight.shape,
    y: [blocks, outputs, height, width * block],
    attributes: {
      group: 1,
      strides: [1, 1],
      pads: [pads[0]!, 0, Math.max(paddingEnd(problem)[0]!, 0), 0],
      dilations: [strides[0]!, strides[1]! * block],
    },
  });
  const outputsFirst = transpose(reshape(unblocked(product), [blocks, outputs, -1]), [1, 0, 2]);
  // What lies before the taps of each block of channels is that block in the blocked layout.
  const taps = reshape(outputsFirst, [outputs * blocks, block, height, width]);
  return reshape(unblocked(taps), w);
}
