/**
 * A small CLIP tower of hashed weights.
 *
 * @module
 */
import { clipVisionTransformerTower } from "../../../core/backbones/clip_vision_transformer.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { clipTokenNetwork, type TokenNetwork } from "../../../core/encoders/mod.ts";
import { readTowerGolden, writeEntries } from "../backbones/clip_golden.ts";

const TOWER = clipVisionTransformerTower({
  patch: 14,
  width: 80,
  layers: 3,
  heads: 2,
  embedding: 64,
});

/** A tower of random weights in a file. */
export async function tinyClipNetwork(path: string): Promise<TokenNetwork> {
  const { entries } = await readTowerGolden("clip_towers", "open_clip");
  await writeEntries(path, entries);
  const model = {
    ...TOWER,
    name: "tiny",
    pretrained: "hashed",
    inputSize: 56,
    normalize: CLIP_NORMALIZATION,
    description: "a small tower",
  };
  return clipTokenNetwork(model, path);
}
