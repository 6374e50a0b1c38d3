import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { directConv } from "../ops/conv.ts";
import { gemm } from "../ops/gemm.ts";
import { l2Normalize } from "../ops/l2_normalize.ts";
import { mul } from "../ops/mul.ts";
import { reshape } from "../ops/reshape.ts";
import { transpose } from "../ops/transpose.ts";
import { constantInitializer, type Initializer, torchDefault } from "./initializers.ts";
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
  /**
   * Weight normalisation (Salimans & Kingma 2016): rows of unit length, of a parameter `weight_v`; by themselves, or
   * `scaled` by a parameter `weight_g` that starts at one. A plain `weight` when left out.
   */
  readonly weightNorm?: "unit" | "scaled";
}

/** The weight `[width, in]`, with its parameters. */
function weightOf(layer: Scope, fanIn: number, { width, weightNorm, ...options }: LinearOptions) {
  const initial = options.weightInitializer ?? torchDefault(fanIn);
  if (weightNorm === undefined) return layer.parameter("weight", [width, fanIn], initial);
  const rows = l2Normalize(layer.parameter("weight_v", [width, fanIn], initial));
  if (weightNorm === "unit") return rows;
  return mul(rows, layer.parameter("weight_g", [width, 1], constantInitializer(1)));
}

/** The map as a convolution by single pixels, `[N, H, W, in]` to `[N, H, W, width]`. */
function pointwise(x: Value, weight: Value, bias: Value | undefined): Value {
  const attributes = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  const kernel = reshape(weight, [...weight.shape, 1, 1]);
  const y = directConv(transpose(x, [0, 3, 1, 2]), kernel, attributes, bias);
  return transpose(y, [0, 2, 3, 1]);
}

/**
 * Linear map of the last axis by a weight laid out as PyTorch's. Of four axes it is written as a convolution where
 * weights are fixed on the CPU (`GraphTarget.fixedWeights`), which takes 0.8 to 0.9 of the time of a matrix product there.
 *
 * @param x `[..., in]` of two axes or more
 * @param weight `[width, in]`
 * @param bias `[width]`
 * @returns `[..., width]`
 */
export function applyLinear(x: Value, weight: Value, bias?: Value): Value {
  if (x.rank === 4 && currentTarget().fixedWeights) return pointwise(x, weight, bias);
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
    const weight = weightOf(layer, fanIn, options);
    if (!bias) return applyLinear(x, weight);
    const offset = layer.parameter("bias", [width], options.biasInitializer ?? torchDefault(fanIn));
    return applyLinear(x, weight, offset);
  });
}
