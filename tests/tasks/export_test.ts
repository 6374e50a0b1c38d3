import { assertEquals, assertRejects } from "@std/assert";
import { InferenceSession } from "npm:onnxruntime-node@1.30.0";
import { main } from "../../tasks/export.ts";
import { readSafetensors } from "../../core/weights/safetensors.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { saveRun } from "../core/encoders/saved_run.ts";

Deno.test("export writes a model of the batch and image size that are asked for", () =>
  withFolder(async (path) => {
    await saveRun(path("run"));
    await main([path("run"), path("a.onnx"), "--batch", "2", "--image-size", "64"]);
    const session = await InferenceSession.create(path("a.onnx"));
    const [images] = session.inputMetadata;
    assertEquals(images?.isTensor && images.shape, [2, 3, 64, 64]);
    await session.release();
  }));

Deno.test("export writes the encoder and the library's names that are asked for", () =>
  withFolder(async (path) => {
    await saveRun(path("run"), { momentum: true });
    const file = path("a.safetensors");
    await main([path("run"), file, "--names", "mmpretrain", "--encoder", "momentum"]);
    const { tensors, metadata } = await readSafetensors(file);
    assertEquals(metadata["python"], "model = mmpretrain.models.ResNet_CIFAR(depth=18)");
    const model = path("run/checkpoints/step-000000005/model.safetensors");
    const trained = (await readSafetensors(model)).tensors;
    const name = "momentum_encoder.backbone.layer1.0.conv1.weight";
    assertEquals(tensors.get("layer1.0.conv1.weight"), trained.get(name));
  }));

Deno.test("export refuses names that are missing or too many", () =>
  withFolder(async (path) => {
    for (const names of [[], [path("run")], [path("run"), path("a.onnx"), path("b.onnx")]]) {
      await assertRejects(
        () => main(names),
        TypeError,
        `RUN and FILE must be named, found ${names.length}`,
      );
    }
  }));
