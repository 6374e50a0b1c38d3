import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import {
  keptShape,
  type ReductionAttributes,
  reductionAttributes,
  type ReductionOptions,
} from "./_reduction.ts";
import { div } from "./div.ts";
import { equal } from "./equal.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";
import { sqrt } from "./sqrt.ts";
import { where } from "./where.ts";

const ReduceL2 = defineComposite({
  type: "ReduceL2",
  inputs: ["x"],
  outputs: ["y"],
  expand: ({ x }, attributes: ReductionAttributes) => ({
    y: sqrt(reduceSum(mul(x, x), attributes)),
  }),
  // dx = x / y dy, and 0 where y is 0
  gradient: ({ x, y, dy }, { axes }) => {
    const ratio = div(dy, where(equal(y, 0), 1, y));
    return { x: mul(x, reshape(ratio, keptShape(x.shape, axes))) };
  },
});

/** Euclidean norm over axes, all of them by default; its gradient at zero is zero. */
export function reduceL2(x: Value, options: ReductionOptions = {}): Value {
  return ReduceL2({ x }, reductionAttributes("ReduceL2", x, options)).y;
}
