/**
 * What the image towers of CLIP have in common.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import type { Scope } from "../engine/nn/scope.ts";
import type { ClipVisionTransformerConfig } from "./clip_vision_transformer.ts";

/** What a tower makes of images. */
export interface ClipOutputs {
  /** A token for each patch, row by row, before the projection: `[N, tokens, width]`. */
  readonly tokens: Value;
  /** The image's embedding, projected to the space that it shares with texts and not normalised: `[N, embedding]`. */
  readonly pooled: Value;
}

/** An image tower: its numbers, and how it is built. It is always built for inference. */
export interface ClipTower {
  /** Height and width of a patch that a token stands for, in pixels. */
  readonly patch: number;
  /** Features of a token. */
  readonly width: number;
  /** Features of the pooled embedding. */
  readonly embedding: number;
  /** What it is made of, if it is a vision transformer. */
  readonly transformer?: ClipVisionTransformerConfig;
  /**
   * Applies the tower to normalised images `[N, 3, H, W]` of whole patches. Names within the scope are the keys of
   * open_clip's state dict, which begin with `visual.`.
   */
  apply(scope: Scope, images: Value): ClipOutputs;
}
