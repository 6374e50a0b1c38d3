import { GenviewRangeError } from "../../errors/mod.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { multiHeadAttention } from "../ops/multi_head_attention.ts";
import { reshape } from "../ops/reshape.ts";
import { scaledDotProductAttention } from "../ops/scaled_dot_product_attention.ts";
import { split } from "../ops/split.ts";
import { transpose } from "../ops/transpose.ts";
import {
  constantInitializer,
  type Initializer,
  truncatedNormalInitializer,
} from "./initializers.ts";
import { applyLinear, linear } from "./linear.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode attention}. */
export interface AttentionOptions {
  /** Heads that the width is split into. */
  readonly heads: number;
  /** Initial weight of the joint map to queries, keys and values (default: normal of standard deviation 0.02). */
  readonly qkvInitializer?: Initializer;
  /** Initial weight of the output map (default: normal of standard deviation 0.02); biases start at zero. */
  readonly weightInitializer?: Initializer;
}

/**
 * Queries, keys and values, `[N, tokens, width]` each. The weight is cut, not what it makes: it is the smaller of the two, in
 * the backward pass too.
 */
function queriesKeysValues(scope: Scope, x: Value, initial: Initializer): Value[] {
  return scope.enter("qkv", (layer) => {
    const width = x.shape.at(-1)!;
    const weight = layer.parameter("weight", [3 * width, width], initial);
    const bias = layer.parameter("bias", [3 * width], constantInitializer(0));
    const thirds = [width, width, width];
    const offsets = split(bias, thirds, { axis: 0 });
    // One value for all three, so that in mixed precision it is rounded once and its gradients are summed before they are widened.
    const rows = reshape(x, [-1, width]);
    return split(weight, thirds, { axis: 0 }).map((part, i) =>
      reshape(applyLinear(rows, part, offsets[i]!), x.shape)
    );
  });
}

/** What all heads attend to, `[N, tokens, width]`, in operators whose gradient computes nothing anew. */
function attendByHeads(parts: readonly Value[], heads: number): Value {
  const [batch, tokens, width] = parts[0]!.shape as [number, number, number];
  const [queries, keys, values] = parts.map((part) =>
    transpose(reshape(part, [batch, tokens, heads, width / heads]), [0, 2, 1, 3])
  );
  const attended = scaledDotProductAttention(queries!, keys!, values!);
  return reshape(transpose(attended, [0, 2, 1, 3]), [batch, tokens, width]);
}

/**
 * Self-attention of several heads (Vaswani et al. 2017, section 3.2), as timm's `Attention`: one map `qkv` whose rows
 * are queries, keys and values, head by head, and the output map `proj`.
 *
 * @param x `[N, tokens, width]`
 * @returns `[N, tokens, width]`
 * @throws {RangeError} if the heads do not divide the width
 */
export function attention(scope: Scope, name: string, x: Value, options: AttentionOptions): Value {
  return scope.enter(name, (layer) => {
    const { heads, weightInitializer = truncatedNormalInitializer(0.02) } = options;
    const width = x.shape.at(-1)!;
    if (width % heads !== 0) {
      throw new GenviewRangeError(
        `Cannot attend with ${heads} heads in layer "${layer.path}": they must divide the width, ` +
          `found ${formatType(x.type)}`,
      );
    }
    const initial = options.qkvInitializer ?? weightInitializer;
    const parts = queriesKeysValues(layer, x, initial);
    // No gradient goes through what is frozen: the fused operator need not keep the probabilities.
    const joined = layer.frozen
      ? multiHeadAttention(parts[0]!, parts[1]!, parts[2]!, { heads })
      : attendByHeads(parts, heads);
    const biasInitializer = constantInitializer(0);
    return linear(layer, "proj", joined, { width, weightInitializer, biasInitializer });
  });
}
