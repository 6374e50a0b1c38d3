import { clipModel } from "../../../core/backbones/clip_models.ts";
import {
  assertSmall,
  measureTower,
  readTowerGolden,
  withFolder,
  writeEntries,
} from "./clip_golden.ts";

for (const name of ["convnext_base_w", "ViT-H-14"]) {
  Deno.test({
    name: `clipModel("${name}") gives open_clip's tokens and embeddings in full size`,
    // ViT-H-14 writes a file of 2.5 GB: set GENVIEW_TEST_FULL_SIZE=1 to have it tested.
    ignore: name === "ViT-H-14" && Deno.env.get("GENVIEW_TEST_FULL_SIZE") !== "1",
    fn: async () => {
      const golden = await readTowerGolden("clip_towers_full", name);
      const errors = await withFolder(async (path) => {
        await writeEntries(path("model.safetensors"), golden.entries);
        return await measureTower(path("model.safetensors"), clipModel(name), name, golden);
      });
      assertSmall(errors);
    },
  });
}
