import { assertEquals, assertRejects } from "@std/assert";
import { InferenceSession } from "npm:onnxruntime-node@1.29.0";
import { main } from "../../tasks/export.ts";
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
