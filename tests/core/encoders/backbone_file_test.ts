import { assertEquals, assertThrows } from "@std/assert";
import { recognizeBackboneFile } from "../../../core/encoders/backbone_file.ts";
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { readPublishedLayouts, writePublished } from "./published_checkpoints.ts";

const { checkpoints, size } = await readPublishedLayouts();

Deno.test("recognizeBackboneFile() takes MoCo v3's ViT of MoCo v3's checkpoints, and timm's where it is named", () =>
  withFolder(async (path) => {
    const file = path("moco3.safetensors");
    await writePublished(file, checkpoints.authors_moco3_vit!);
    using opened = await openTensors(file);
    const own = recognizeBackboneFile(opened, { action: "open it" });
    assertEquals([own.spec.name, own.size], ["mocov3_vit_small", size]);
    const timm = recognizeBackboneFile(opened, {
      action: "open it",
      backbone: "vit_small_patch16_224",
    });
    assertEquals(timm.spec.name, "vit_small_patch16_224");
  }));

Deno.test("recognizeBackboneFile() says of a checkpoint without momentum encoder which one it has", () =>
  withFolder(async (path) => {
    const file = path("simsiam.safetensors");
    await writePublished(file, checkpoints.authors_simsiam!);
    using opened = await openTensors(file);
    assertThrows(
      () => recognizeBackboneFile(opened, { action: "open it", encoder: "momentum" }),
      TypeError,
      'found only the online encoder, behind "module.encoder."',
    );
  }));
