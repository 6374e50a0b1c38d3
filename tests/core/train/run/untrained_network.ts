/**
 * Checkpoints of networks that were never trained.
 *
 * @module
 */
import { DEFAULT_CONFIGURATION } from "../../../../core/method/configuration.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { buildFeatureGraph } from "../../../../core/encoders/feature_extractor.ts";
import { viewRecipes } from "../../../../core/data/views/named_views.ts";
import { saveCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { configuredBackbone } from "../../../../core/train/run/run_plan.ts";
import { hashedParameters } from "../../engine/nn/hashed_values.ts";

/** Writes a checkpoint of ResNet-18 on 32 px views, and gives its path. */
export function writeNetwork(folder: string, data: string): Promise<string> {
  const configuration = { ...DEFAULT_CONFIGURATION, imageSize: 32, backbone: "resnet18", data };
  const { scope } = buildFeatureGraph({
    backbone: configuredBackbone(configuration),
    size: 32,
    batchSize: 1,
    normalize: viewRecipes(configuration)[0]!.normalize,
    device: CPU,
  });
  const state = {
    version: 1 as const,
    method: "none",
    step: 0,
    epoch: 0,
    samples: 0,
    configuration,
  };
  const model = Object.entries(hashedParameters(scope));
  return saveCheckpoint(folder, { state, model, optimizer: [] }, 1);
}
