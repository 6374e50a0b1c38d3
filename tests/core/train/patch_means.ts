/**
 * As much of a network as weighting pairs needs: tokens are the means of 4x4 patches, and their squares.
 *
 * @module
 */
import type { TokenNetwork } from "../../../core/encoders/token_encoder.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import type { Value } from "../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../core/engine/onnx/encode_model.ts";
import { averagePool } from "../../../core/engine/ops/average_pool.ts";
import { concat } from "../../../core/engine/ops/concat.ts";
import { mul } from "../../../core/engine/ops/mul.ts";
import { reshape } from "../../../core/engine/ops/reshape.ts";
import { transpose } from "../../../core/engine/ops/transpose.ts";
import { Session } from "../../../core/engine/ort/mod.ts";

/** A direction in which some of the tokens' features point. */
export const PATCH_DIRECTION: Float32Array = Float32Array.of(0.5, -0.3, 0.6, 0.2, -0.1, 0.4);

/** Tokens of images `[N,3,S,S]`. */
export function patchTokens(images: Value): Value {
  const [count, , size] = images.shape as [number, number, number];
  const pooled = averagePool(images, { kernel: [4, 4], strides: [4, 4] });
  const both = concat([pooled, mul(pooled, pooled)], { axis: 1 });
  return transpose(reshape(both, [count, 6, (size / 4) ** 2]), [0, 2, 1]);
}

/** The network for images of a size, normalised as CLIP's. */
export function patchMeans(size: number): TokenNetwork {
  return {
    name: "means of patches",
    view: { size, shorterSide: size, interpolation: "bicubic", normalize: CLIP_NORMALIZATION },
    grid: [size / 4, size / 4],
    width: 6,
    async createSession(images, build, options = {}) {
      return await Session.create(encodeModel({ outputs: build(patchTokens(images)) }), options);
    },
  };
}
