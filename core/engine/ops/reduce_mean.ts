import { defineOp } from "../graph/op.ts";
import { elementCount, type Shape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { inFloat32 } from "./_in_float32.ts";
import { areLeading, leadingSum, spread } from "./_leading_sum.ts";
import {
  inferReduction,
  onnxReduction,
  reducedShape,
  type ReductionAttributes,
  reductionAttributes,
  type ReductionOptions,
} from "./_reduction.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";

/** One over the number of elements of each mean. */
function share(shape: Shape, axes: readonly number[]): number {
  return 1 / elementCount(axes.map((axis) => shape[axis]!));
}

const ReduceMean = defineOp({
  type: "ReduceMean",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferReduction,
  onnx: onnxReduction,
  // dx is dy / n, stretched over the axes of n elements that were averaged
  gradient: ({ x, dy }, { axes }: ReductionAttributes) => ({
    x: spread(x, mul(dy, share(x.shape, axes)), axes),
  }),
});

/** Mean over axes, all of them by default; of float16 and bfloat16 it is taken in float32, and rounded. */
export function reduceMean(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes("ReduceMean", x, options);
  const { axes } = attributes;
  if (axes.every((axis) => x.shape[axis] === 1)) {
    return reshape(x, reducedShape(x.shape, attributes));
  }
  return inFloat32(
    x,
    (wide) =>
      areLeading(wide, axes)
        ? leadingSum(wide, attributes, share(x.shape, axes))
        : ReduceMean({ x: wide }, attributes).y,
  );
}
