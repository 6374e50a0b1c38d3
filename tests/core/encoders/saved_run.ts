/**
 * A run with one checkpoint of a network that was never trained.
 *
 * @module
 */
import { backbone } from "../../../core/backbones/registry.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { saveCheckpoint } from "../../../core/weights/checkpoint/checkpoint.ts";

/** Writes ResNet-18 with the small stem, after 5 steps on views of 32 pixels. */
export async function saveRun(folder: string): Promise<void> {
  const scope = new Scope();
  const network = backbone("resnet18", { stem: "small" });
  scope.enter("backbone", (inner) => network.apply(inner, input("x", "float32", [1, 3, 32, 32])));
  await saveCheckpoint(`${folder}/checkpoints`, {
    state: {
      ...{ version: 1, method: "simsiam", step: 5, epoch: 1, samples: 40 },
      configuration: {
        backbone: "resnet18",
        stem: "small",
        zeroInitResidual: false,
        imageSize: 32,
        views: "small",
      },
    },
    model: scope.initialize(1),
    optimizer: [],
  }, 1);
}
