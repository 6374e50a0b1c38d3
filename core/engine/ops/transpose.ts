import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";

interface TransposeAttributes {
  readonly perm: readonly number[];
}

const Transpose = defineOp({
  type: "Transpose",
  inputs: ["x"],
  outputs: ["y"],
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

/** The same tensor with its axes in another order: axis `i` of the result is axis `perm[i]` of `x`. */
export function transpose(x: Value, perm: readonly number[]): Value {
  return perm.length === x.rank && perm.every((axis, i) => axis === i)
    ? x
    : Transpose({ x }, { perm: [...perm] }).y;
}
