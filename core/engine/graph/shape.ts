/**
 * Shapes: lists of lengths, all of them known when a graph is built.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";

/** Lengths of a tensor's axes; the empty list is a scalar. */
export type Shape = readonly number[];

/** Number of elements in a tensor of this shape. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Row-major strides, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/**
 * The shape of two operands stretched over each other, as NumPy and ONNX do it.
 *
 * @throws {RangeError} if two lengths differ and neither is 1
 */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const m = a[a.length - rank + axis] ?? 1;
    const n = b[b.length - rank + axis] ?? 1;
    if (m === n || n === 1) return m;
    if (m === 1) return n;
    throw new GenviewRangeError(`axis ${axis} must match or be 1, found ${m} and ${n}`);
  });
}

/**
 * An axis counted from the front, where negative ones count from the back.
 *
 * @throws {RangeError} if there is no such axis
 */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new GenviewRangeError(`axis must be an integer in [${-rank}, ${rank}), found ${axis}`);
  }
  return axis < 0 ? axis + rank : axis;
}
