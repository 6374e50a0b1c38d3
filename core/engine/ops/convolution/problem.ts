/**
 * The shape of a convolution, by which formulations are chosen.
 *
 * @module
 */
import type { DType } from "../../graph/dtype.ts";
import { elementCount, type Shape } from "../../graph/shape.ts";
import { type Windows, windowSpan } from "../_windows.ts";

/** Attributes of a convolution: its windows, whose kernel is the weight's, and its groups. */
export interface ConvAttributes extends Windows {
  /** Groups of channels that are convolved by themselves. */
  readonly group: number;
}

/** A convolution `y = conv(x, w)` by its shapes: `[N, C, ...]`, `[K, C / group, ...]` and `[N, K, ...]`. */
export interface ConvProblem {
  /** Element type of all three. */
  readonly dtype: DType;
  /** `[N, C, ...]`. */
  readonly x: Shape;
  /** `[K, C / group, ...]`. */
  readonly w: Shape;
  /** `[N, K, ...]`. */
  readonly y: Shape;
  /** Windows and groups. */
  readonly attributes: ConvAttributes;
}

/** Lengths of the spatial axes. */
export function spatial(shape: Shape): Shape {
  return shape.slice(2);
}

/** Whether the kernel is 1 along every axis, and nothing is skipped or padded: a matrix product over the channels. */
export function isPointwise({ w, attributes }: ConvProblem): boolean {
  return spatial(w).every((length) => length === 1) &&
    attributes.strides.every((n) => n === 1) && attributes.pads.every((n) => n === 0);
}

/** Whether every group has a single input channel. */
export function isDepthwise({ w, attributes }: ConvProblem): boolean {
  return attributes.group > 1 && w[1] === 1;
}

/** Multiplications and additions that the convolution, or either of its gradients, takes by its definition. */
export function operations({ w, y }: ConvProblem): number {
  return 2 * elementCount(y) * elementCount(w.slice(1));
}

/** Zeros that must follow each spatial axis of the input for the last window to be full; negative if some go unread. */
export function paddingEnd({ x, w, y, attributes }: ConvProblem): number[] {
  return spatial(x).map((length, axis) =>
    (y[axis + 2]! - 1) * attributes.strides[axis]! + windowSpan(attributes, spatial(w), axis) -
    length - attributes.pads[axis]!
  );
}

/** Whether the windows reach past the zeros before the input along every axis; else they read zeros alone. */
export function reachesInput(problem: ConvProblem): boolean {
  const end = paddingEnd(problem);
  return spatial(problem.x).every((length, axis) => length + end[axis]! > 0);
}

/**
 * The problem as text, the key of tuning tables:
 * `float32 x64,64,32,32 w128,64,3,3 strides2,2 pads1,1,1,1 dilations1,1 group1`.
 */
export function problemKey({ dtype, x, w, attributes }: ConvProblem): string {
  const { strides, pads, dilations, group } = attributes;
  return `${dtype} x${x} w${w} strides${strides} pads${pads} dilations${dilations} group${group}`;
}
