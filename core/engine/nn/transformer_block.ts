import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { mul } from "../ops/mul.ts";
import { attention } from "./attention.ts";
import { feedForward } from "./feed_forward.ts";
import { constantInitializer, type Initializer } from "./initializers.ts";
import { layerNorm } from "./layer_norm.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode transformerBlock}. */
export interface TransformerBlockOptions {
  /** Heads of the attention. */
  readonly heads: number;
  /** Features inside the feed-forward part (default: four times the width). */
  readonly hidden?: number;
  /** What layer normalisation adds to the variance (default 1e-6). */
  readonly epsilon?: number;
  /** Initial scale of each branch per channel, as in CaiT; no scale when left out. */
  readonly layerScale?: number;
  /** Initial weight of the map to queries, keys and values (default: as the other weights). */
  readonly qkvInitializer?: Initializer;
  /** Initial weights of the linear maps (default: normal of standard deviation 0.02); biases start at zero. */
  readonly weightInitializer?: Initializer;
}

/** A branch scaled per channel, as timm's `LayerScale`: parameter `gamma`. */
function scaleBranch(scope: Scope, name: string, x: Value, initial: number | undefined): Value {
  if (initial === undefined) return x;
  return scope.enter(
    name,
    (layer) => mul(x, layer.parameter("gamma", [x.shape.at(-1)!], constantInitializer(initial))),
  );
}

/**
 * Block of a vision transformer with normalisation first (Dosovitskiy et al. 2021, equations 2 and 3), as timm's
 * `Block`: `x + ls1(attn(norm1(x)))`, then `x + ls2(mlp(norm2(x)))`.
 *
 * @param x `[N, tokens, width]`
 * @returns `[N, tokens, width]`
 */
export function transformerBlock(
  scope: Scope,
  name: string,
  x: Value,
  options: TransformerBlockOptions,
): Value {
  const { heads, epsilon = 1e-6, layerScale, qkvInitializer, weightInitializer } = options;
  const initial = weightInitializer && { weightInitializer };
  return scope.enter(name, (block) => {
    const attended = attention(block, "attn", layerNorm(block, "norm1", x, { epsilon }), {
      heads,
      ...initial,
      ...(qkvInitializer && { qkvInitializer }),
    });
    const scaled = scaleBranch(block, "ls1", attended, layerScale);
    const middle = add(x, block.residualBranch(scaled));
    const mapped = feedForward(block, "mlp", layerNorm(block, "norm2", middle, { epsilon }), {
      hidden: options.hidden ?? 4 * x.shape.at(-1)!,
      ...initial,
    });
    return add(middle, block.residualBranch(scaleBranch(block, "ls2", mapped, layerScale)));
  });
}
