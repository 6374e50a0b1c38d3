import { GenviewTypeError } from "../../errors/mod.ts";
import { applying, defineOp } from "../graph/op.ts";
import { formatType } from "../graph/tensor.ts";
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
import { reshape } from "./reshape.ts";

const ReduceSum = defineOp({
  type: "ReduceSum",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferReduction,
  onnx: onnxReduction,
  // dx is dy, stretched over the axes that were summed
  gradient: ({ x, dy }, { axes }: ReductionAttributes) => ({ x: spread(x, dy, axes) }),
});

/** Sum over axes, all of them by default; of float16 and bfloat16 it is taken in float32, and rounded. */
export function reduceSum(x: Value, options: ReductionOptions = {}): Value {
  applying("ReduceSum", { x }, () => {
    if (x.dtype === "bool") {
      throw new GenviewTypeError(`x must hold numbers, found ${formatType(x.type)}`);
    }
  });
  const attributes = reductionAttributes("ReduceSum", x, options);
  const { axes } = attributes;
  if (axes.every((axis) => x.shape[axis] === 1)) {
    return reshape(x, reducedShape(x.shape, attributes));
  }
  // Products add up in float32, whatever they are of; reductions may not.
  if (areLeading(x, axes)) return leadingSum(x, attributes, 1);
  return inFloat32(x, (wide) => ReduceSum({ x: wide }, attributes).y);
}
