import type { Value } from "../graph/value.ts";
import { gelu } from "../ops/gelu.ts";
import {
  constantInitializer,
  type Initializer,
  truncatedNormalInitializer,
} from "./initializers.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode feedForward}. */
export interface FeedForwardOptions {
  /** Features between the two linear maps. */
  readonly hidden: number;
  /** Initial weights (default: normal of standard deviation 0.02, as in timm); biases start at zero. */
  readonly weightInitializer?: Initializer;
}

/**
 * Two linear maps with a GELU between them, as timm's `Mlp`: layers `fc1` and `fc2`.
 *
 * @param x `[..., width]`
 * @returns `[..., width]`
 */
export function feedForward(
  scope: Scope,
  name: string,
  x: Value,
  { hidden, weightInitializer = truncatedNormalInitializer(0.02) }: FeedForwardOptions,
): Value {
  return scope.enter(name, (layer) => {
    const initial = { weightInitializer, biasInitializer: constantInitializer(0) };
    const inner = gelu(linear(layer, "fc1", x, { width: hidden, ...initial }));
    return linear(layer, "fc2", inner, { width: x.shape.at(-1)!, ...initial });
  });
}
