import { GenviewRangeError } from "../../errors/mod.ts";
import { isFloat } from "../graph/dtype.ts";
import { defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { cast } from "./cast.ts";

interface TransposeAttributes {
  readonly perm: readonly number[];
}

const Transpose = defineOp({
  type: "Transpose",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, { perm }: TransposeAttributes) => {
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw new GenviewRangeError(
        `perm must order the ${x.shape.length} axes, found [${perm.join(",")}]`,
      );
    }
    return { y: { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) } };
  },
  onnx: ({ perm }) => ({ attributes: { perm: { ints: perm } } }),
  // The inverse permutation takes every axis back.
  gradient: ({ dy }, { perm }) => ({ x: transpose(dy, perm.map((_, axis) => perm.indexOf(axis))) }),
});

/** Whether a kernel is there for the element type: WebGPU moves floats and int32 alone. */
function isMoved({ dtype }: Value): boolean {
  return currentTarget().provider !== "webgpu" || isFloat(dtype) || dtype === "int32";
}

/** The same tensor with its axes in another order: axis `i` of the result is axis `perm[i]` of `x`. */
export function transpose(x: Value, perm: readonly number[]): Value {
  if (perm.length === x.rank && perm.every((axis, i) => axis === i)) return x;
  if (!isMoved(x)) return cast(transpose(cast(x, "int32"), perm), x.dtype);
  return Transpose({ x }, { perm: [...perm] }).y;
}
