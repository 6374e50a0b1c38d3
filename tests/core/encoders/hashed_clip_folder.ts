/**
 * A tiny vision transformer of CLIP's shape and of hashed values, as a folder of transformers'; as a program it writes it
 * for reference/generator_image_encoder.py: `deno run -A tests/core/encoders/hashed_clip_folder.ts FOLDER`.
 *
 * @module
 */
import {
  clipTokens,
  type ClipVisionTransformerConfig,
} from "../../../core/backbones/clip_vision_transformer.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { writeClipFolder } from "../../../core/encoders/clip_folder.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { hashedParameters, hashedTensor } from "../engine/nn/hashed_values.ts";

/** What it is made of. */
export const TINY: ClipVisionTransformerConfig = { patch: 4, width: 16, layers: 2, heads: 2 };

/** Height and width of its images, in pixels. */
export const SIZE = 16;

/** Coordinates of its embedding. */
export const EMBEDDING = 8;

/** Its parameters by open_clip's names. */
export function hashedTransformer(): ReadonlyMap<string, Tensor> {
  const scope = new Scope();
  clipTokens(scope, input("images", "float32", [1, 3, SIZE, SIZE]), { ...TINY, joined: true });
  return new Map(Object.entries(hashedParameters(scope)));
}

/** Writes the folders of an image encoder; the number of its parameters. */
export async function writeHashedFolder(folder: string): Promise<number> {
  return await writeClipFolder(folder, {
    config: TINY,
    tensors: hashedTransformer(),
    projection: hashedTensor("projection", [EMBEDDING, TINY.width]),
    size: SIZE,
    normalize: CLIP_NORMALIZATION,
  });
}

if (import.meta.main) await writeHashedFolder(Deno.args[0]!);
