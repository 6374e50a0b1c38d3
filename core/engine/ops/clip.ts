import { GenviewRangeError } from "../../errors/mod.ts";
import { checkNumber } from "../graph/numbers.ts";
import { defineComposite, defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import { filled, type TensorType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { and } from "./and.ts";
import { cast } from "./cast.ts";
import { greater } from "./greater.ts";
import { less } from "./less.ts";
import { maximum } from "./maximum.ts";
import { minimum } from "./minimum.ts";
import { mul } from "./mul.ts";

/** Bounds of {@linkcode clip}. */
export interface ClipOptions {
  /** Smallest value (default: none). */
  readonly min?: number;
  /** Largest value (default: none). */
  readonly max?: number;
}

function checkBounds({ dtype }: TensorType, { min, max }: ClipOptions): void {
  for (const bound of [min, max]) if (bound !== undefined) checkNumber(dtype, bound);
  if (!((min ?? -Infinity) <= (max ?? Infinity))) {
    throw new GenviewRangeError(`min must be at most max, found ${min} and ${max}`);
  }
}

/** dx = [min < x < max] dy */
function clipGradient(
  { x, dy }: { readonly x: Value; readonly dy: Value },
  { min, max }: ClipOptions,
): { x: Value } {
  const above = min === undefined ? [] : [greater(x, min)];
  const below = max === undefined ? [] : [less(x, max)];
  const [first, second] = [...above, ...below];
  if (first === undefined) return { x: dy };
  return { x: mul(dy, cast(second === undefined ? first : and(first, second), dy.dtype)) };
}

const Clip = defineOp({
  type: "Clip",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: ({ x }, options: ClipOptions) => {
    checkBounds(x, options);
    return { y: x };
  },
  onnx: ({ min, max }, types) => ({
    constants: [min, max].map((bound) =>
      bound === undefined ? undefined : filled(types.x!.dtype, [], bound)
    ),
  }),
  gradient: clipGradient,
});

/** WebGPU's Clip makes a bound of NaN, which would hide a loss that is lost; its Max and Min keep NaN. */
const ClipByExtremes = defineComposite({
  type: "Clip",
  inputs: ["x"],
  outputs: ["y"],
  expand: ({ x }, options: ClipOptions) => {
    checkBounds(x.type, options);
    const { min, max } = options;
    const above = min === undefined ? x : maximum(x, min);
    return { y: max === undefined ? above : minimum(above, max) };
  },
  gradient: clipGradient,
});

/** Each element moved to the nearest bound if it lies outside; on a bound the gradient is zero, as in PyTorch. */
export function clip(x: Value, options: ClipOptions): Value {
  const bounded = options.min !== undefined || options.max !== undefined;
  const keepsNan = currentTarget().provider === "webgpu" && bounded;
  return (keepsNan ? ClipByExtremes : Clip)({ x }, options).y;
}
