/**
 * A run with one checkpoint of a vision transformer of CLIP's shape that was never trained.
 *
 * @module
 */
import { backbone } from "../../../core/backbones/registry.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { input } from "../../../core/engine/graph/value.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { saveCheckpoint } from "../../../core/weights/checkpoint/checkpoint.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";

/** Name of the backbone. */
export const CLIP_RUN_BACKBONE = "clip_vit_tiny_patch8_64_mean";

/** Parameters of the backbone behind `backbone.`, for images of `size` pixels. */
export function clipRunParameters(size: number): Map<string, Tensor> {
  const scope = new Scope();
  const images = input("images", "float32", [1, 3, size, size]);
  const spec = backbone(CLIP_RUN_BACKBONE, { imageSize: size });
  scope.enter("backbone", (inner) => spec.apply(inner, images));
  return new Map(Object.entries(hashedParameters(scope)));
}

/** Writes the backbone after 5 steps on views of `size` pixels. */
export async function saveClipRun(folder: string, size: number): Promise<void> {
  const crop = { area: [0.5, 1], aspect: [1, 1], interpolation: "bilinear" };
  const views = [{ size, crop, flip: 0, normalize: CLIP_NORMALIZATION }];
  await saveCheckpoint(`${folder}/checkpoints`, {
    state: {
      ...{ version: 1, method: "simclr", step: 5, epoch: 1, samples: 40 },
      configuration: {
        ...{ backbone: CLIP_RUN_BACKBONE, stem: "imagenet", zeroInitResidual: false },
        ...{ imageSize: size, views },
      },
    },
    model: clipRunParameters(size),
    optimizer: [],
  }, 1);
}
