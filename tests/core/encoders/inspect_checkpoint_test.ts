import { assertEquals } from "@std/assert";
import { inspectCheckpoint } from "../../../core/encoders/inspect_checkpoint.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { readPublishedLayouts, writePublished } from "./published_checkpoints.ts";

const { checkpoints, size } = await readPublishedLayouts();

Deno.test("inspectCheckpoint() says what is used, what are heads and what is ignored", () =>
  withFolder(async (path) => {
    const entries = checkpoints.mmpretrain_simsiam!;
    await writePublished(path("simsiam.safetensors"), entries);
    const found = await inspectCheckpoint(path("simsiam.safetensors"));
    assertEquals([found.layout, found.backbone, found.width], [
      "mmpretrain: SimSiam",
      "resnet18",
      512,
    ]);
    assertEquals([found.prefix, found.scheme], ["backbone.", "torchvision, timm or open_clip"]);
    assertEquals([found.used.length, found.missing], [120, []]);
    assertEquals(found.heads.get("head.predictor.fc1.bias"), "predictor.fc1.bias");
    assertEquals(
      [...found.ignored].sort(),
      Object.keys(entries).filter((name) => name.startsWith("clip_model.")).sort(),
    );
  }));

Deno.test("inspectCheckpoint() shows the moving average where it is asked for", () =>
  withFolder(async (path) => {
    await writePublished(path("moco3.safetensors"), checkpoints.mmpretrain_moco3_vit!);
    const found = await inspectCheckpoint(path("moco3.safetensors"), { encoder: "momentum" });
    assertEquals([found.backbone, found.size], ["mocov3_vit_small", size]);
    assertEquals([found.prefix, found.scheme], ["momentum_encoder.module.0.", "mmpretrain's ViT"]);
    assertEquals(found.ignored.filter((name) => !name.startsWith("backbone.")), [
      "momentum_encoder.steps",
    ]);
  }));
