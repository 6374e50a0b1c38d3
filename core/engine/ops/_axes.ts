/**
 * Axes: counted from the front, and exchanged.
 *
 * @module
 */
import { applying } from "../graph/op.ts";
import { normalizeAxis } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { transpose } from "./transpose.ts";

/** Exchanges the last two axes. */
export function transposeLast(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/** An axis of x, counted from the front; an error names the operator that it is for. */
export function axisOf(type: string, x: Value, axis: number): number {
  return applying(type, { x }, () => normalizeAxis(axis, x.rank));
}
