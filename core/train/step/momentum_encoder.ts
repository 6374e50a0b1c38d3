/**
 * The momentum encoder: where its parameters lie, and what they follow.
 *
 * @module
 */
import type { Scope } from "../../engine/nn/scope.ts";
import type { ExponentialMovingAverage } from "../../engine/optim/mod.ts";

/** Name under which the parameters of the momentum encoder lie. */
export const MOMENTUM_ENCODER = "momentum_encoder";

/** Full name of a parameter's counterpart that the momentum encoder follows, or undefined. */
export function followedBy(name: string): string | undefined {
  return name.startsWith(`${MOMENTUM_ENCODER}.`)
    ? name.slice(MOMENTUM_ENCODER.length + 1)
    : undefined;
}

/**
 * The moving averages of a method: of each trained parameter that the momentum encoder has a copy of. Copies of
 * parameters that stay as they are, such as the patch embedding of MoCo v3's ViT, stay copies.
 */
export function movingAverages(
  { declarations }: Pick<Scope, "declarations">,
): ExponentialMovingAverage[] {
  return [...declarations.values()].flatMap(({ name, kind, value }) => {
    const source = followedBy(name);
    return kind === "fixed" && source !== undefined &&
        declarations.get(source)?.kind === "trainable"
      ? [{ target: value, source }]
      : [];
  });
}
