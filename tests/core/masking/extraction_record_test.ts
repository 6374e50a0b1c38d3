import { assertEquals, assertRejects } from "@std/assert";
import {
  checkExtractionRecord,
  choiceToRecord,
  FeatureFiles,
  recordedChoice,
  writeExtractionRecord,
} from "../../../core/masking/mod.ts";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("checkExtractionRecord() refuses a folder of another network's features", () =>
  withFolder(async (path) => {
    const record = {
      network: "a",
      weights: "w",
      images: "i",
      imageSize: 56,
      grid: [4, 4],
      width: 80,
      dtype: "float16",
    } as const;
    assertEquals(await checkExtractionRecord(path("out"), record), undefined);
    await Deno.mkdir(path("out"));
    await writeExtractionRecord(path("out"), record);
    // Another spelling of the options that open the network is no other network.
    const again = { ...record, model: { model: "/a" } };
    assertEquals(await checkExtractionRecord(path("out"), again), record);
    // An extraction that failed before its first feature says nothing of the next.
    const other = { ...record, dtype: "float32" } as const;
    await Deno.mkdir(path("out/features/n01"), { recursive: true });
    assertEquals(await checkExtractionRecord(path("out"), other), undefined);
    await writeExtractionRecord(path("out"), other);
    await new FeatureFiles(path("out")).write("n01/a.jpg", float32([1, 2], [1, 2]), "float32");
    await assertRejects(
      () => checkExtractionRecord(path("out"), record),
      TypeError,
      'dtype "float32" there and "float16" asked for; choose another --output-dir',
    );
  }));

Deno.test("choiceToRecord() keeps the checkpoint of a run, which may go on, and absolute paths", () =>
  withFolder(async (path) => {
    const checkpoint = path("run/checkpoints/step-1");
    await Deno.mkdir(checkpoint, { recursive: true });
    await Deno.writeTextFile(`${checkpoint}/model.safetensors`, "");
    const file = `${checkpoint}/model.safetensors`;
    const kept = await choiceToRecord({ model: path("run"), imageSize: 96 }, file);
    assertEquals([kept.model, kept.imageSize], [await Deno.realPath(checkpoint), 96]);
    assertEquals((await choiceToRecord({ model: "ViT-H-14" }, file)).model, "ViT-H-14");
  }));

Deno.test("recordedChoice() opens records of earlier versions by the file of the weights, or its checkpoint", () =>
  withFolder(async (path) => {
    const recordOf = (file: string) => ({
      ...{ network: "a", images: "i", imageSize: 56, width: 80, dtype: "float16" } as const,
      weights: `${file}, 123 bytes, 2026-01-01T00:00:00.000Z`,
      grid: [4, 4],
    } as const);
    const file = path("my, own/model.safetensors");
    assertEquals(await recordedChoice(recordOf(file)), { model: file, imageSize: 56 });
    await Deno.mkdir(path("my, own"));
    await Deno.writeTextFile(path("my, own/state.json"), "{}");
    assertEquals((await recordedChoice(recordOf(file))).model, path("my, own"));
  }));
