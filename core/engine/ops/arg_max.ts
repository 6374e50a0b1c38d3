import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { reducedShape } from "./_reduction.ts";

/** Options of {@linkcode argMax}. */
export interface ArgMaxOptions {
  /** Axis along which the largest element is sought (default the last). */
  readonly axis?: number;
  /** Whether the axis stays, with length 1 (default false). */
  readonly keepDims?: boolean;
}

type ArgMaxAttributes = Required<ArgMaxOptions>;

const ArgMax = defineOp({
  type: "ArgMax",
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, { axis, keepDims }: ArgMaxAttributes) => ({
    y: { dtype: "int64", shape: reducedShape(x.shape, { axes: [axis], keepDims }) },
  }),
  onnx: ({ axis, keepDims }) => ({
    attributes: { axis: { int: axis }, keepdims: { int: keepDims ? 1 : 0 } },
  }),
  gradient: "none",
});

/** Position of the largest element along an axis, as int64; the first one at a tie. */
export function argMax(x: Value, options: ArgMaxOptions = {}): Value {
  const { axis = -1, keepDims = false } = options;
  return ArgMax({ x }, { axis: axisOf("ArgMax", x, axis), keepDims }).y;
}
