import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { step } from "./_step.ts";
import { maximum } from "./maximum.ts";
import { mul } from "./mul.ts";

interface LeakyReluAttributes {
  readonly alpha: number;
}

const LeakyRelu = defineOp({
  type: "LeakyRelu",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, { alpha }: LeakyReluAttributes) => {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new GenviewRangeError(`the slope must be in [0, 1], found ${alpha}`);
    }
    return inferUnary({ x });
  },
  onnx: ({ alpha }) => ({ attributes: { alpha: { float: alpha } } }),
  // dx = max([x > 0], alpha) dy
  gradient: ({ x, dy }, { alpha }) => ({ x: mul(dy, maximum(step(x), alpha)) }),
});

/** Each element, times a slope in [0, 1] (default 0.01) where it is negative; float32 and float16. */
export function leakyRelu(x: Value, alpha = 0.01): Value {
  return LeakyRelu({ x }, { alpha }).y;
}
