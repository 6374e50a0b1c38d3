/**
 * Axes exchanged or moved, as operators on matrices need them.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { transpose } from "./transpose.ts";

/** Exchanges the last two axes. */
export function transposeLast(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
