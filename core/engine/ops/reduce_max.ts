import type { Value } from "../graph/value.ts";
import { defineExtreme, extremeOf } from "./_extreme.ts";
import type { ReductionOptions } from "./_reduction.ts";

const ReduceMax = defineExtreme("ReduceMax");

/** The largest element along axes, all of them by default; ties share the gradient, as in PyTorch's `amax`. */
export function reduceMax(x: Value, options: ReductionOptions = {}): Value {
  return extremeOf(ReduceMax, "ReduceMax", x, options);
}
