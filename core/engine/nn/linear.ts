import type { Value } from "../graph/value.ts";
import { gemm } from "../ops/gemm.ts";
import { reshape } from "../ops/reshape.ts";
import { type Initializer, torchDefault } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode linear}. */
export interface LinearOptions {
  /** Features that each output has. */
  readonly width: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
  /** Initial weight (default: PyTorch's, uniform within 1/sqrt(fan in)). */
  readonly weightInitializer?: Initializer;
  /** Initial bias (default: PyTorch's, uniform within 1/sqrt(fan in)). */
  readonly biasInitializer?: Initializer;
}

/**
 * Linear map of the last axis by a weight laid out as PyTorch's.
 *
 * @param x `[..., in]` of two axes or more
 * @param weight `[width, in]`
 * @param bias `[width]`
 * @returns `[..., width]`
 */
export function applyLinear(x: Value, weight: Value, bias?: Value): Value {
  // One product over all rows: the gradient by the weight then is one product too, not a sum over a batch of them.
  const rows = reshape(x, [-1, x.shape.at(-1)!]);
  const y = gemm(rows, weight, { transposeB: true, ...(bias && { c: bias }) });
  return reshape(y, [...x.shape.slice(0, -1), weight.shape[0]!]);
}

/**
 * Linear map of the last axis, as `torch.nn.Linear`: parameters `weight` `[width, in]` and `bias` `[width]`.
 *
 * @param x `[..., in]` of two axes or more
 * @returns `[..., width]`
 */
export function linear(scope: Scope, name: string, x: Value, options: LinearOptions): Value {
  return scope.enter(name, (layer) => {
    const { width, bias = true } = options;
    const fanIn = x.shape.at(-1)!;
    const initial = torchDefault(fanIn);
    const weight = layer.parameter("weight", [width, fanIn], options.weightInitializer ?? initial);
    if (!bias) return applyLinear(x, weight);
    const offset = layer.parameter("bias", [width], options.biasInitializer ?? initial);
    return applyLinear(x, weight, offset);
  });
}
