/**
 * Checkpoints of networks that were never trained.
 *
 * @module
 */
import { DEFAULT_CONFIGURATION } from "../../../../core/method/configuration.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { buildFeatureGraph } from "../../../../core/encoders/feature_extractor.ts";
import { viewRecipes } from "../../../../core/data/views/named_views.ts";
import { int64, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { MOMENTUM_ENCODER } from "../../../../core/train/step/momentum_encoder.ts";
import { saveCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { configuredBackbone } from "../../../../core/train/run/run_plan.ts";
import { hashedParameters } from "../../engine/nn/hashed_values.ts";

/**
 * Writes a checkpoint of a network on 32 px views, and gives its path.
 *
 * @param backbone its name; a small vision transformer if left out
 * @param momentum by which share the weights of a momentum encoder are larger than the others; there is none without
 */
export function writeNetwork(
  folder: string,
  data: string,
  { backbone = "clip_vit_tiny_patch8_64", momentum }: {
    readonly backbone?: string;
    readonly momentum?: number;
  } = {},
): Promise<string> {
  const configuration = { ...DEFAULT_CONFIGURATION, imageSize: 32, backbone, data };
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
  const online: [string, Tensor][] = [
    ...Object.entries(hashedParameters(scope)),
    ...[...scope.declarations].flatMap(([name, { value }]): [string, Tensor][] =>
      value.dtype === "int64" ? [[name, int64([], [0])]] : []
    ),
  ];
  const model = momentum === undefined ? online : [
    ...online,
    ...online.map(([name, value]): [string, Tensor] => [
      `${MOMENTUM_ENCODER}.${name}`,
      value.dtype === "float32"
        ? tensor(
          "float32",
          value.shape,
          (value.data as Float32Array).map((x) => x * (1 + momentum)),
        )
        : value,
    ]),
  ];
  return saveCheckpoint(folder, { state, model, optimizer: [] }, 1);
}
