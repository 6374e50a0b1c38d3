import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { broadcastShapes, sameShape, type Shape } from "../graph/shape.ts";
import { int64 } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";

interface ExpandAttributes {
  readonly shape: Shape;
}

const Expand = defineOp({
  type: "Expand",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, { shape }: ExpandAttributes) => {
    if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
      throw new GenviewRangeError(
        `[${x.shape.join(",")}] cannot be stretched to [${shape.join(",")}]`,
      );
    }
    return { y: { dtype: x.dtype, shape } };
  },
  onnx: ({ shape }) => ({ constants: [int64([shape.length], shape)] }),
  // The walker sums over the axes that were stretched.
  gradient: ({ dy }) => ({ x: dy }),
});

/** Stretches axes of length 1, and adds axes in front, until the tensor has a shape. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : Expand({ x }, { shape: [...shape] }).y;
}
