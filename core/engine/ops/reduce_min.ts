import type { Value } from "../graph/value.ts";
import { defineExtreme, extremeOf } from "./_extreme.ts";
import type { ReductionOptions } from "./_reduction.ts";

const ReduceMin = defineExtreme("ReduceMin");

/** The smallest element along axes, all of them by default; ties share the gradient, as in PyTorch's `amin`. */
export function reduceMin(x: Value, options: ReductionOptions = {}): Value {
  return extremeOf(ReduceMin, "ReduceMin", x, options);
}
