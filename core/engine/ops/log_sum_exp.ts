import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import {
  keptShape,
  reducedShape,
  type ReductionAttributes,
  reductionAttributes,
  type ReductionOptions,
} from "./_reduction.ts";
import { add } from "./add.ts";
import { exp } from "./exp.ts";
import { log } from "./log.ts";
import { mul } from "./mul.ts";
import { reduceMax } from "./reduce_max.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";
import { sub } from "./sub.ts";

const LogSumExp = defineComposite({
  type: "LogSumExp",
  inputs: ["x"],
  outputs: ["y"],
  // m + log(sum(exp(x - m))) with m the largest x: ONNX Runtime's ReduceLogSumExp takes five times as long.
  expand: ({ x }, attributes: ReductionAttributes) => {
    const { axes } = attributes;
    const largest = reduceMax(x, { axes, keepDims: true });
    const sums = reduceSum(exp(sub(x, largest)), { axes, keepDims: true });
    return { y: reshape(add(largest, log(sums)), reducedShape(x.shape, attributes)) };
  },
  // dx = exp(x - y) dy
  gradient: ({ x, y, dy }, { axes }) => {
    const kept = keptShape(x.shape, axes);
    return { x: mul(exp(sub(x, reshape(y, kept))), reshape(dy, kept)) };
  },
});

/** log(sum(exp(x))) over axes, all of them by default, without overflow; the largest x must be finite. */
export function logSumExp(x: Value, options: ReductionOptions = {}): Value {
  return LogSumExp({ x }, reductionAttributes("LogSumExp", x, options)).y;
}
