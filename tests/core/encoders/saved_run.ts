/**
 * A run with one checkpoint of a network that was never trained.
 *
 * @module
 */
import { backbone } from "../../../core/backbones/registry.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { saveCheckpoint } from "../../../core/weights/checkpoint/checkpoint.ts";

/**
 * Writes ResNet-18 with the small stem, after 5 steps on views of 32 pixels.
 *
 * @param momentum whether there is a momentum encoder too, of other values
 */
export async function saveRun(
  folder: string,
  { momentum = false }: { readonly momentum?: boolean } = {},
): Promise<void> {
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
    model: [
      ...scope.initialize(1),
      ...(momentum ? scope.initialize(2) : new Map<string, Tensor>()),
    ].map(([name, value], i) =>
      [i < scope.declarations.size ? name : `momentum_encoder.${name}`, value] as const
    ),
    optimizer: [],
  }, 1);
}
