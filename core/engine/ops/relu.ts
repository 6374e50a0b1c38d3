import { defineComposite, defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { step } from "./_step.ts";
import { greater } from "./greater.ts";
import { maximum } from "./maximum.ts";
import { mul } from "./mul.ts";
import { where } from "./where.ts";

/**
 * d relu(x) = [y > 0] dx; from y, so that x need not be kept. On CUDA, where what is moved takes the time, y is compared
 * to bytes.
 */
function reluGradient({ y, dy }: { readonly y: Value; readonly dy: Value }): { x: Value } {
  return {
    x: currentTarget().provider === "cuda" ? where(greater(y, 0), dy, 0) : mul(dy, step(y)),
  };
}

const Relu = defineOp({
  type: "Relu",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: inferUnary,
  gradient: reluGradient,
});

/** WebGPU's Relu makes zero of NaN, which would hide a loss that is lost; its Max keeps NaN. */
const ReluByMaximum = defineComposite({
  type: "Relu",
  inputs: ["x"],
  outputs: ["y"],
  expand: ({ x }) => {
    inferUnary({ x: x.type });
    return { y: maximum(x, 0) };
  },
  gradient: reluGradient,
});

/**
 * The larger of each element and zero; its gradient at zero is zero. But on CUDA an infinite gradient makes a NaN below
 * zero, where PyTorch gives zero: on the CPU a selection takes 1.3 to 2.7 times as long as the product.
 */
export function relu(x: Value): Value {
  return (currentTarget().provider === "webgpu" ? ReluByMaximum : Relu)({ x }, {}).y;
}
