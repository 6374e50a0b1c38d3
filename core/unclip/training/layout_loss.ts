/**
 * The loss by which the class token of an image encoder learns the layout of images.
 *
 * @module
 */
import {
  clipTokens,
  type ClipVisionTransformerConfig,
} from "../../backbones/clip_vision_transformer.ts";
import { normalizePixels } from "../../data/normalize_pixels.ts";
import type { Normalization } from "../../data/views/recipe.ts";
import { type GraphTarget, withTarget } from "../../engine/graph/target.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { linear } from "../../engine/nn/linear.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { div } from "../../engine/ops/div.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import { sub } from "../../engine/ops/sub.ts";
import type { LossRange } from "../../method/manifest.ts";
import type { StageGraph } from "./built_stage.ts";

/** What names of the tower's parameters begin with that stays as it was. */
export const TEACHER = "teacher";

/** What names of the parameters begin with that tell the layout of a class token. */
export const LAYOUT_HEAD = "layout";

/** What an image encoder learns layouts by. */
export interface LayoutLossOptions {
  /** The tower. */
  readonly config: ClipVisionTransformerConfig;
  /** Images of a batch. */
  readonly batchSize: number;
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** Statistics that they are normalised with. */
  readonly normalize: Normalization;
  /** Numbers of a layout. */
  readonly layoutWidth: number;
  /** Weight of how far the patches' tokens have moved. */
  readonly tokenWeight: number;
  /** What the graph is built for. */
  readonly target: GraphTarget;
}

/** A class token that tells nothing leaves the variance of layouts, which is 1. */
export const LAYOUT_LOSS_RANGE: LossRange = {
  random: [0.8, 2],
  healthy: [0, 0.7],
  collapsed: 1,
  note:
    "A class token that tells nothing of the layout has a loss of 1, the variance of layouts; it falls for as long as the tower " +
    "learns.",
};

const meanSquare = (value: Value): Value => reduceMean(mul(value, value));

/**
 * The loss of a batch: `images` uint8 `[N, size, size, 3]` and their `layouts` float32 `[N, width]`. A linear map of the class
 * token is to give the layout; the tokens of the patches are to stay what those of the tower are as it was, by the share of
 * their variance that differs. Shows `layout` and `tokens`, the two terms.
 *
 * Source: Romero et al. 2015, "FitNets: hints for thin deep nets", section 3, for tokens that follow a teacher's; that layouts are
 * regressed is this project's.
 */
export function layoutLoss(options: LayoutLossOptions): StageGraph {
  const { batchSize, size, normalize, layoutWidth, tokenWeight, target } = options;
  const config = { ...options.config, joined: true };
  const scope = new Scope({ training: true });
  const images = input("images", "uint8", [batchSize, size, size, 3]);
  const layouts = input("layouts", "float32", [batchSize, layoutWidth]);
  return withTarget(target, () => {
    const normalized = normalizePixels(images, normalize);
    const { classToken, tokens } = clipTokens(scope, normalized, config);
    const before = scope.enter(TEACHER, (inner) => clipTokens(inner, normalized, config)).tokens;
    const told = linear(scope, LAYOUT_HEAD, classToken, { width: layoutWidth });
    const layout = meanSquare(sub(told, layouts));
    const variance = meanSquare(sub(before, reduceMean(before, { axes: [0, 1], keepDims: true })));
    const moved = div(meanSquare(sub(tokens, before)), variance);
    return {
      scope,
      loss: add(layout, mul(moved, tokenWeight)),
      outputs: { layout, tokens: moved },
      batch: [images, layouts],
    };
  });
}
