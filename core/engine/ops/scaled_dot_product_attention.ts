import { defineComposite } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { add } from "./add.ts";
import { inFloat32 } from "./_in_float32.ts";
import { cast } from "./cast.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { softmax } from "./softmax.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode scaledDotProductAttention}. */
export interface AttentionOptions {
  /** What is added to the scores, such as 0 and -Infinity; it stretches to `[..., L, S]`. */
  readonly mask?: Value;
  /** Factor of the scores (default 1 / sqrt(D)). */
  readonly scale?: number;
}

interface AttentionAttributes {
  readonly scale: number;
}

const ScaledDotProductAttention = defineComposite({
  type: "ScaledDotProductAttention",
  inputs: ["q", "k", "v"],
  optional: ["mask"],
  outputs: ["y", "probabilities"],
  precision: "half",
  expand: ({ q, k, v, mask }, { scale }: AttentionAttributes) => {
    const scores = matMul(q, k, { transposeB: true, alpha: scale });
    const masked = mask === undefined ? scores : add(scores, mask);
    // Other kernels than WebGPU's compute a softmax of float16 in float32 by themselves.
    const probabilities = currentTarget().provider === "webgpu"
      ? inFloat32(masked, (wide) => softmax(wide))
      : softmax(masked);
    return { y: matMul(probabilities, v), probabilities };
  },
  // dS = P (dP - sum(P dP)), where dP = dY V^T and sum(P dP) = sum(Y dY); dQ = scale dS K, dK = scale dS^T Q
  gradient: ({ q, k, v, mask, y, probabilities: p, dy }, { scale }) => {
    const wide = (x: Value) => x.dtype === "float64" ? x : cast(x, "float32");
    const total = reduceSum(wide(mul(dy, y)), { axis: -1, keepDims: true });
    const slope = matMul(dy, v, { transposeB: true });
    // A difference of nearly equal numbers. On CUDA, where scores of float32 would be most of what is moved, both are rounded
    // first: that costs no more than rounding y and the slope has.
    const narrow = currentTarget().provider === "cuda" ? (x: Value) => cast(x, p.dtype) : wide;
    const scores = cast(mul(narrow(p), sub(narrow(slope), narrow(total))), p.dtype);
    return {
      q: matMul(scores, k, { alpha: scale }),
      k: matMul(scores, q, { transposeA: true, alpha: scale }),
      v: matMul(p, dy, { transposeA: true }),
      ...(mask && { mask: scores }),
    };
  },
});

/**
 * Attention: for each query the values, weighted by a softmax over its scaled dot products with the keys.
 *
 * Source: Vaswani et al. 2017, "Attention is all you need", equation 1.
 *
 * @param q `[..., L, D]`
 * @param k `[..., S, D]`
 * @param v `[..., S, E]`
 * @returns `[..., L, E]`
 */
export function scaledDotProductAttention(
  q: Value,
  k: Value,
  v: Value,
  { mask, scale = 1 / Math.sqrt(q.shape.at(-1)!) }: AttentionOptions = {},
): Value {
  return ScaledDotProductAttention({ q, k, v, mask }, { scale }).y;
}
