/**
 * CLIP's ConvNeXts, under open_clip's names.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { linear } from "../engine/nn/linear.ts";
import { tokensOf } from "../engine/nn/map_tokens.ts";
import type { Scope } from "../engine/nn/scope.ts";
import type { ClipOutputs, ClipTower } from "./clip_tower.ts";
import { convNext, type ConvNextConfig } from "./convnext.ts";

/** What one of CLIP's ConvNeXts is made of. */
export interface ClipConvNextConfig extends Pick<ConvNextConfig, "depths" | "widths"> {
  /** Features of the pooled embedding. */
  readonly embedding: number;
}

/** Pixels, in each direction, that a ConvNeXt's last map has one for. */
const PATCH = 32;

/**
 * An image tower of CLIP that is a ConvNeXt, as open_clip's `TimmModel` around timm's network. Tokens are the pixels of
 * the last stage's map as they are; the embedding is pooled first, then normalised, then projected.
 *
 * @param images `[N, 3, H, W]`
 */
export function clipConvNext(
  scope: Scope,
  images: Value,
  { embedding, ...config }: ClipConvNextConfig,
): ClipOutputs {
  return scope.enter("visual", (visual) => {
    const { features, maps } = visual.enter("trunk", (trunk) => convNext(trunk, images, config));
    return {
      tokens: tokensOf(maps.at(-1)!),
      pooled: linear(visual, "head.proj", features, { width: embedding, bias: false }),
    };
  });
}

/** A ConvNeXt as a tower. */
export function clipConvNextTower(config: ClipConvNextConfig): ClipTower {
  return {
    patch: PATCH,
    width: config.widths.at(-1)!,
    embedding: config.embedding,
    apply: (scope, images) => clipConvNext(scope, images, config),
  };
}
