/**
 * A small backbone of hashed weights, as `deno task export` writes one.
 *
 * @module
 */
import { backbone } from "../../../core/backbones/registry.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { writeSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";

/** Writes a ViT-Ti/16 for images of 64 pixels: 16 tokens of 192. */
export async function exportTinyBackbone(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const scope = new Scope();
  backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 64, 64]));
  const weights = new Map(Object.entries(hashedParameters(scope)));
  await writeSafetensors(path, weights, { metadata: { format: "pt" } });
  return weights;
}
