/**
 * Backbones of hashed values as they are exported under the names of each library; as a program it writes them into a
 * folder, for reference/load_exports.py: `deno run -A tests/core/encoders/exported_networks.ts FOLDER`.
 *
 * @module
 */
import { backbone } from "../../../core/backbones/registry.ts";
import { IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { exportSafetensors } from "../../../core/encoders/export_backbone.ts";
import { filled, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import type { PythonLibrary } from "../../../core/weights/layouts/name_schemes.ts";
import { hashedParameter } from "../engine/nn/hashed_values.ts";

/** Height and width of the images, in pixels. */
export const SIZE = 64;

/** The libraries whose names are exported. */
export const LIBRARIES: readonly PythonLibrary[] = ["torchvision", "timm", "mmpretrain"];

/** Networks by the name of their export. */
export const NETWORKS = {
  resnet18: ["resnet18", {}],
  resnet18_small: ["resnet18", { stem: "small" }],
  resnet50: ["resnet50", {}],
  vit_tiny: ["vit_tiny_patch16_224", {}],
  mocov3_vit_small: ["mocov3_vit_small", {}],
  convnext_tiny: ["convnext_tiny", {}],
} as const;

/** Writes a network's export; its parameters are hashed by their own names. */
export async function writeExport(
  path: string,
  network: keyof typeof NETWORKS,
  library: PythonLibrary,
): Promise<void> {
  const [name, options] = NETWORKS[network];
  const spec = backbone(name, options);
  const scope = new Scope();
  spec.apply(scope, input("images", "float32", [1, 3, SIZE, SIZE]));
  const model = new Map<string, Tensor>(
    [...scope.declarations].map(([own, { value }]) => [
      `backbone.${own}`,
      value.dtype === "int64" ? filled("int64", [], 0) : hashedParameter(own, value.shape),
    ]),
  );
  const facts = { backbone: spec, size: SIZE, normalize: IMAGENET_NORMALIZATION };
  await exportSafetensors(path, model, { ...facts, library });
}

if (import.meta.main) {
  const [folder = "."] = Deno.args;
  for (const network of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[]) {
    for (const library of LIBRARIES) {
      await writeExport(`${folder}/${network}.${library}.safetensors`, network, library);
    }
  }
}
