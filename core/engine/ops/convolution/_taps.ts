/**
 * Taps: for each element of a kernel, what all windows read there.
 *
 * @module
 */
import { elementCount } from "../../graph/shape.ts";
import { int64 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { gather } from "../gather.ts";
import { pad } from "../pad.ts";
import { slice } from "../slice.ts";
import { type ConvProblem, paddingEnd, spatial } from "./problem.ts";

/** Adds the zeros that windows read around a tensor whose last axes are the spatial ones. */
export function padSpatial(x: Value, problem: ConvProblem): Value {
  const end = paddingEnd(problem).map((n) => Math.max(n, 0));
  const others = new Array<number>(x.rank - end.length).fill(0);
  return pad(x, [...others, ...problem.attributes.pads.slice(0, end.length), ...others, ...end]);
}

/** Position in the kernel of its element number `tap`, in row-major order. */
export function tapPosition({ w }: ConvProblem, tap: number): number[] {
  const position: number[] = [];
  let rest = tap;
  for (const length of spatial(w).toReversed()) {
    position.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return position;
}

/** Number of elements of the kernel in each channel. */
export function tapCount({ w }: ConvProblem): number {
  return elementCount(spatial(w));
}

/**
 * What all windows read at element number `tap` of the kernel: a strided slice of a padded tensor whose last axes are
 * the spatial ones, of the output's lengths there.
 */
export function tapOf(padded: Value, problem: ConvProblem, tap: number): Value {
  const { strides, dilations } = problem.attributes;
  const starts = tapPosition(problem, tap).map((i, axis) => i * dilations[axis]!);
  const ends = starts.map((start, axis) => start + (problem.y[axis + 2]! - 1) * strides[axis]! + 1);
  const axes = starts.map((_, axis) => padded.rank - starts.length + axis);
  return slice(padded, { starts, ends, axes, steps: strides });
}

/** Elements along an axis in reverse order; whole stretches of the axes behind are copied. */
export function turnAround(x: Value, axis: number): Value {
  const length = x.shape[axis]!;
  if (length === 1) return x;
  const places = Array.from({ length }, (_, i) => length - 1 - i);
  return gather(x, constant(int64([length], places)), { axis });
}

/** All taps, in the kernel's row-major order. */
export function allTaps(padded: Value, problem: ConvProblem): Value[] {
  return Array.from({ length: tapCount(problem) }, (_, tap) => tapOf(padded, problem, tap));
}
