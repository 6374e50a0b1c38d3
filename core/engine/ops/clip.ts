import { defineOp } from "../graph/op.ts";
import { filled } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { cast } from "./cast.ts";
import { equal } from "./equal.ts";
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
  infer: ({ x }, { min = -Infinity, max = Infinity }: ClipOptions) => {
    if (!(min <= max)) throw new RangeError(`min must be at most max, found ${min} and ${max}`);
    return { y: x };
  },
  onnx: ({ min, max }, types) => ({
    constants: [min, max].map((bound) =>
      bound === undefined ? undefined : filled(types.x!.dtype, [], bound)
    ),
  }),
  // dx = [min <= x <= max] dy: where clipping changed nothing
  gradient: ({ x, y, dy }) => ({ x: mul(dy, cast(equal(x, y), dy.dtype)) }),
});

/** Each element moved to the nearest bound if it lies outside; on a bound the gradient still flows. */
export function clip(x: Value, options: ClipOptions): Value {
  return Clip({ x }, options).y;
}
