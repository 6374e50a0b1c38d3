import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { cast } from "../ops/cast.ts";
import { groupNormalization } from "../ops/group_normalization.ts";
import { mul } from "../ops/mul.ts";
import { constantInitializer } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode groupNorm}. */
export interface GroupNormOptions {
  /** Groups that the channels are split into. */
  readonly groups: number;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** What each image's channels are scaled and shifted by after that, `[N, C]` each: adaptive group normalisation. */
  readonly modulation?: { readonly scale: Value; readonly shift: Value };
}

/**
 * Group normalisation (Wu & He 2018), as `torch.nn.GroupNorm`: parameters `weight` and `bias`, one per channel. Of
 * float16, whose squares overflow from 256 on, the statistics are taken in float32.
 *
 * @param x `[N, C, ...]`
 */
export function groupNorm(scope: Scope, name: string, x: Value, options: GroupNormOptions): Value {
  return scope.enter(name, (layer) => {
    const { groups, epsilon = 1e-5, modulation } = options;
    const channels = x.shape[1]!;
    const wide = (value: Value) => x.dtype === "float16" ? cast(value, "float32") : value;
    let scale = wide(layer.parameter("weight", [channels], constantInitializer(1)));
    let bias = wide(layer.parameter("bias", [channels], constantInitializer(0)));
    if (modulation !== undefined) {
      // Numbers of channels are scaled and shifted, where maps would be.
      const factor = wide(modulation.scale);
      [scale, bias] = [mul(scale, factor), add(mul(bias, factor), wide(modulation.shift))];
    }
    const y = groupNormalization(wide(x), { groups, scale, bias, epsilon });
    return x.dtype === "float16" ? cast(y, "float16") : y;
  });
}
