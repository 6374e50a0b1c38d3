import type { Value } from "../graph/value.ts";
import { cast } from "../ops/cast.ts";
import { layerNormalization } from "../ops/layer_normalization.ts";
import { transpose } from "../ops/transpose.ts";
import { constantInitializer } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode layerNorm}. */
export interface LayerNormOptions {
  /** What is added to the variance (default 1e-5, PyTorch's; vision transformers and ConvNeXt use 1e-6). */
  readonly epsilon?: number;
}

/**
 * Layer normalisation of the last axis (Ba et al. 2016), as `torch.nn.LayerNorm`: parameters `weight` and `bias`.
 * Of float16, whose squares overflow from 256 on, the statistics are taken in float32.
 *
 * @param x `[..., width]`
 */
export function layerNorm(
  scope: Scope,
  name: string,
  x: Value,
  { epsilon = 1e-5 }: LayerNormOptions = {},
): Value {
  return scope.enter(name, (layer) => {
    const width = x.shape.at(-1)!;
    const scale = layer.parameter("weight", [width], constantInitializer(1));
    const bias = layer.parameter("bias", [width], constantInitializer(0));
    if (x.dtype !== "float16") return layerNormalization(x, { scale, bias, epsilon });
    const [wide, factor, offset] = [x, scale, bias].map((value) => cast(value, "float32"));
    return cast(layerNormalization(wide!, { scale: factor!, bias: offset!, epsilon }), "float16");
  });
}

/**
 * Layer normalisation of each pixel over its channels, as timm's `LayerNorm2d`.
 *
 * @param x `[N, C, H, W]`
 */
export function layerNorm2d(
  scope: Scope,
  name: string,
  x: Value,
  options: LayerNormOptions = {},
): Value {
  const y = layerNorm(scope, name, transpose(x, [0, 2, 3, 1]), options);
  return transpose(y, [0, 3, 1, 2]);
}
