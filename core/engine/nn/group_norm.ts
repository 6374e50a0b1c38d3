import type { Value } from "../graph/value.ts";
import { cast } from "../ops/cast.ts";
import { groupNormalization } from "../ops/group_normalization.ts";
import { constantInitializer } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode groupNorm}. */
export interface GroupNormOptions {
  /** Groups that the channels are split into. */
  readonly groups: number;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

/**
 * Group normalisation (Wu & He 2018), as `torch.nn.GroupNorm`: parameters `weight` and `bias`, one per channel. Of
 * float16, whose squares overflow from 256 on, the statistics are taken in float32.
 *
 * @param x `[N, C, ...]`
 */
export function groupNorm(scope: Scope, name: string, x: Value, options: GroupNormOptions): Value {
  return scope.enter(name, (layer) => {
    const { groups, epsilon = 1e-5 } = options;
    const channels = x.shape[1]!;
    const scale = layer.parameter("weight", [channels], constantInitializer(1));
    const bias = layer.parameter("bias", [channels], constantInitializer(0));
    if (x.dtype !== "float16") return groupNormalization(x, { groups, scale, bias, epsilon });
    const [wide, factor, offset] = [x, scale, bias].map((value) => cast(value, "float32"));
    const y = groupNormalization(wide!, { groups, scale: factor!, bias: offset!, epsilon });
    return cast(y, "float16");
  });
}
