import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { mul } from "../ops/mul.ts";
import { transpose } from "../ops/transpose.ts";
import { conv2d } from "./conv2d.ts";
import { feedForward } from "./feed_forward.ts";
import { constantInitializer, truncatedNormalInitializer } from "./initializers.ts";
import { layerNorm } from "./layer_norm.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode convNextBlock}. */
export interface ConvNextBlockOptions {
  /** Height and width of the depthwise kernel, an odd number (default 7). */
  readonly kernel?: number;
  /** Initial scale of the branch per channel (default 1e-6). */
  readonly layerScale?: number;
  /** What layer normalisation adds to the variance (default 1e-6). */
  readonly epsilon?: number;
}

/**
 * Block of a ConvNeXt (Liu et al. 2022, section 2.6), as timm's `ConvNeXtBlock`: depthwise convolution `conv_dw`,
 * `norm` over channels, `mlp.fc1`, GELU, `mlp.fc2`, scaled by `gamma` and added to the input.
 *
 * @param x `[N, C, H, W]`
 * @returns `[N, C, H, W]`
 */
export function convNextBlock(
  scope: Scope,
  name: string,
  x: Value,
  { kernel = 7, layerScale = 1e-6, epsilon = 1e-6 }: ConvNextBlockOptions = {},
): Value {
  return scope.enter(name, (block) => {
    const channels = x.shape[1]!;
    const mixed = conv2d(block, "conv_dw", x, {
      channels,
      kernel,
      padding: (kernel - 1) / 2,
      groups: channels,
      bias: true,
      weightInitializer: truncatedNormalInitializer(0.02),
      biasInitializer: constantInitializer(0),
    });
    // Channels last from here to the end of the branch, so that normalisation and linear maps see them as rows.
    const normed = layerNorm(block, "norm", transpose(mixed, [0, 2, 3, 1]), { epsilon });
    const mapped = feedForward(block, "mlp", normed, { hidden: 4 * channels });
    const gamma = block.parameter("gamma", [channels], constantInitializer(layerScale));
    return add(x, transpose(mul(mapped, gamma), [0, 3, 1, 2]));
  });
}
