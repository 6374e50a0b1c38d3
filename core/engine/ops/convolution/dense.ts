/**
 * Convolutions of maps with fewer pixels than the kernel has elements, as the matrix product of all inputs by all
 * outputs: a kernel of 3x3 around one pixel reads eight zeros, around four pixels 20 in 36, which others multiply by.
 *
 * @module
 */
import { elementCount } from "../../graph/shape.ts";
import { float32, int64 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { cast } from "../cast.ts";
import { concat } from "../concat.ts";
import { gather } from "../gather.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { transpose } from "../transpose.ts";
import { tapCount } from "./_taps.ts";
import { type ConvProblem, spatial } from "./problem.ts";

/** Whether the product computes a problem, and with fewer multiplications than its definition asks for. */
export function suitsDense(problem: ConvProblem): boolean {
  const { x, attributes: { group } } = problem;
  return group === 1 && elementCount(spatial(x)) < tapCount(problem);
}

/** Coordinates of all elements of a map, in row-major order. */
function coordinates(lengths: readonly number[]): number[][] {
  return lengths.reduce<number[][]>(
    (before, length) => before.flatMap((start) => Array.from({ length }, (_, i) => [...start, i])),
    [[]],
  );
}

/** The element of the kernel through which each output reads each input, inputs first; none where it does not. */
function connections(problem: ConvProblem): (number | undefined)[] {
  const { x, w, y, attributes: { strides, pads, dilations } } = problem;
  const kernel = spatial(w);
  return coordinates(spatial(x)).flatMap((read) =>
    coordinates(spatial(y)).map((written) => {
      let tap = 0;
      for (const [axis, length] of kernel.entries()) {
        const offset = read[axis]! + pads[axis]! - written[axis]! * strides[axis]!;
        const at = offset / dilations[axis]!;
        if (!Number.isInteger(at) || at < 0 || at >= length) return undefined;
        tap = tap * length + at;
      }
      return tap;
    })
  );
}

/** The weight of each input, row by row, for each output: `[C * inputs, outputs * K]`. */
function denseWeight(w: Value, problem: ConvProblem): Value {
  const [outputs, inputs] = problem.w as [number, number];
  const taps = transpose(reshape(w, [outputs, inputs, -1]), [1, 2, 0]);
  const found = connections(problem);
  const none = tapCount(problem);
  const zero = cast(
    constant(float32([inputs, 1, outputs], new Array(inputs * outputs).fill(0))),
    w.dtype,
  );
  const known = found.includes(undefined) ? concat([taps, zero], { axis: 1 }) : taps;
  const indices = constant(int64([found.length], found.map((tap) => tap ?? none)));
  const rows = inputs * elementCount(spatial(problem.x));
  return reshape(gather(known, indices, { axis: 1 }), [rows, -1]);
}

/** `[N, K, ...]` as `[N, outputs * K]`, channels last. */
function channelsLast(y: Value): Value {
  const [batch, channels] = y.shape as [number, number];
  return reshape(transpose(reshape(y, [batch, channels, -1]), [0, 2, 1]), [batch, -1]);
}

/** The convolution. */
export function denseProduct(x: Value, w: Value, problem: ConvProblem): Value {
  const [batch, outputs] = problem.y as [number, number];
  const product = matMul(reshape(x, [batch, -1]), denseWeight(w, problem));
  return reshape(transpose(reshape(product, [batch, -1, outputs]), [0, 2, 1]), problem.y);
}

/** Its gradient by the input. */
export function denseInputGradient(dy: Value, w: Value, problem: ConvProblem): Value {
  const product = matMul(channelsLast(dy), denseWeight(w, problem), { transposeB: true });
  return reshape(product, problem.x);
}

/** Its gradient by the weight: that of the matrix, of which each element of the kernel has the sum of its places. */
export function denseWeightGradient(x: Value, dy: Value, problem: ConvProblem): Value {
  const [outputs, inputs] = problem.w as [number, number];
  const found = connections(problem);
  const rows = reshape(x, [problem.x[0]!, -1]);
  const product = matMul(rows, channelsLast(dy), { transposeA: true });
  const places = reshape(product, [inputs, found.length, outputs]);
  const taps = tapCount(problem);
  const isAt = Array.from({ length: taps }, (_, tap) => found.map((at) => at === tap ? 1 : 0));
  const sums = cast(constant(float32([taps, found.length], isAt.flat())), x.dtype);
  return reshape(transpose(matMul(sums, places), [2, 0, 1]), problem.w);
}
