import { GenviewRangeError } from "../../errors/mod.ts";
import { checkNumber } from "../graph/numbers.ts";
import { defineOp } from "../graph/op.ts";
import { filled } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { and } from "./and.ts";
import { cast } from "./cast.ts";
import { greater } from "./greater.ts";
import { less } from "./less.ts";
import { mul } from "./mul.ts";

/** Bounds of {@linkcode clip}. */
export interface ClipOptions {
  /** Smallest value (default: none). */
  readonly min?: number;
  /** Largest value (default: none). */
  readonly max?: number;
}

const Clip = defineOp({
  type: "Clip",
  inputs: ["x"],
  outputs: ["y"],
  elementWise: true,
  infer: ({ x }, { min, max }: ClipOptions) => {
    for (const bound of [min, max]) if (bound !== undefined) checkNumber(x.dtype, bound);
    if (!((min ?? -Infinity) <= (max ?? Infinity))) {
      throw new GenviewRangeError(`min must be at most max, found ${min} and ${max}`);
    }
    return { y: x };
  },
  onnx: ({ min, max }, types) => ({
    constants: [min, max].map((bound) =>
      bound === undefined ? undefined : filled(types.x!.dtype, [], bound)
    ),
  }),
  // dx = [min < x < max] dy
  gradient: ({ x, dy }, { min, max }) => {
    const above = min === undefined ? [] : [greater(x, min)];
    const below = max === undefined ? [] : [less(x, max)];
    const [first, second] = [...above, ...below];
    if (first === undefined) return { x: dy };
    return { x: mul(dy, cast(second === undefined ? first : and(first, second), dy.dtype)) };
  },
});

/** Each element moved to the nearest bound if it lies outside; on a bound the gradient is zero, as in PyTorch. */
export function clip(x: Value, options: ClipOptions): Value {
  return Clip({ x }, options).y;
}
