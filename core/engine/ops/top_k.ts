import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { int64 } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";

/** Options of {@linkcode topK}. */
export interface TopKOptions {
  /** Axis along which elements are compared (default the last). */
  readonly axis?: number;
  /** Whether the largest elements are sought, or the smallest (default true). */
  readonly largest?: boolean;
}

interface TopKAttributes extends Required<TopKOptions> {
  readonly k: number;
}

const TopK = defineOp({
  type: "TopK",
  inputs: ["x"],
  outputs: ["values", "indices"],
  infer: ({ x }, { k, axis }: TopKAttributes) => {
    if (!Number.isInteger(k) || k < 1 || k > x.shape[axis]!) {
      throw new GenviewRangeError(`k must be an integer in [1, ${x.shape[axis]}], found ${k}`);
    }
    const shape = x.shape.with(axis, k);
    return { values: { dtype: x.dtype, shape }, indices: { dtype: "int64", shape } };
  },
  onnx: ({ k, axis, largest }) => ({
    attributes: { axis: { int: axis }, largest: { int: largest ? 1 : 0 }, sorted: { int: 1 } },
    constants: [int64([1], [k])],
  }),
  gradient: "none",
});

/** The k largest or smallest elements along an axis, the most extreme one first, and their positions as int64. */
export function topK(
  x: Value,
  k: number,
  { axis = -1, largest = true }: TopKOptions = {},
): { readonly values: Value; readonly indices: Value } {
  return TopK({ x }, { k, axis: axisOf("TopK", x, axis), largest });
}
