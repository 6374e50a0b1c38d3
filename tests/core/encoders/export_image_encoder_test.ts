import { assert, assertEquals, assertRejects } from "@std/assert";
import { clipVisionConfig } from "../../../core/backbones/clip_vision_backbones.ts";
import { backbone } from "../../../core/backbones/registry.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import { ClipEncoder } from "../../../core/encoders/clip_encoder.ts";
import {
  clipModelOfFile,
  openClipTensors,
  recognizeClip,
} from "../../../core/encoders/clip_file.ts";
import {
  classTokenGraph,
  exportImageEncoder,
} from "../../../core/encoders/export_image_encoder.ts";
import { FeatureExtractor } from "../../../core/encoders/feature_extractor.ts";
import { nodesLeadingTo } from "../../../core/engine/graph/node.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { CPU, DeviceTensor } from "../../../core/engine/ort/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedImages, withFolder } from "../backbones/clip_golden.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";
import { CLIP_RUN_BACKBONE, clipRunParameters, saveClipRun } from "./saved_clip_run.ts";
import { saveRun } from "./saved_run.ts";

const SIZE = 16;

const dataset = datasetOf("noise", 12, (index) => ({
  key: String(index),
  source: {
    kind: "rendered",
    name: String(index),
    render: () => {
      const { data } = hashedTensor(String(index), [SIZE * SIZE * 3], 127, 128);
      return Promise.resolve({ width: SIZE, height: SIZE, data: Uint8Array.from(data) });
    },
  },
}));

Deno.test("exportImageEncoder() projects the class token that was trained", () =>
  withFolder(async (path) => {
    await saveClipRun(path("run"), SIZE);
    const made = await exportImageEncoder(path("run"), path("generator"), {
      dataset,
      embedding: 4,
    });
    assertEquals([made.step, made.folder], [5, path("generator/image_encoder")]);

    const file = path("generator/image_encoder/model.safetensors");
    const { tensors } = await readSafetensors(file);
    const projection = tensors.get("visual_projection.weight")!;
    assertEquals(projection.shape, [4, 128]);
    const images = hashedImages(SIZE);
    using tensorsOfFile = await openClipTensors(file);
    const model = await clipModelOfFile(recognizeClip(tensorsOfFile)!, file);
    using encoder = await ClipEncoder.create(file, { model, batchSize: 2 });
    const { pooled } = await encoder.encode(images);

    using owned = new DisposableStack();
    const placed = new Map(
      [...clipRunParameters(SIZE)].map(([name, value]) =>
        [name, owned.use(DeviceTensor.from(value, CPU))] as const
      ),
    );
    using extractor = await FeatureExtractor.create({
      backbone: backbone(CLIP_RUN_BACKBONE, { imageSize: SIZE }),
      ...{ batchSize: 2, size: SIZE, normalize: CLIP_NORMALIZATION },
    }, placed);
    const { data } = await extractor.extract(images);
    const expected = Float32Array.from({ length: 8 }, (_, i) => {
      const [image, row] = [Math.floor(i / 4), i % 4];
      let sum = 0;
      // The first half of a feature is the class token, the second the mean token.
      for (let k = 0; k < 128; k++) {
        sum += Number(projection.data[row * 128 + k]) * data[image * 256 + k]!;
      }
      return sum;
    });
    const error = relativeError(pooled.data, expected);
    assert(error < 1e-4, `embeddings differ by ${error} of their norm`);
  }));

Deno.test("classTokenGraph() has no node that was built for another device than its own", () => {
  const images = input("images", "float32", [2, 3, SIZE, SIZE]);
  const config = clipVisionConfig(CLIP_RUN_BACKBONE)!;
  for (const provider of ["cuda", "webgpu", "cpu"] as const) {
    const nodes = nodesLeadingTo([classTokenGraph(config, images, { provider })], true);
    assert(nodes.length > 0);
    assertEquals(new Set(nodes.map(({ target }) => target.provider)), new Set([provider]));
  }
});

Deno.test("exportImageEncoder() resamples positions to the images that are asked for", () =>
  withFolder(async (path) => {
    await saveClipRun(path("run"), SIZE);
    const options = { dataset, embedding: 4, imageSize: 24 };
    await exportImageEncoder(path("run"), path("generator"), options);
    const { tensors } = await readSafetensors(path("generator/image_encoder/model.safetensors"));
    const positions = tensors.get("vision_model.embeddings.position_embedding.weight")!;
    assertEquals(positions.shape, [10, 128]);
    const own = clipRunParameters(SIZE).get("backbone.positional_embedding")!;
    assertEquals([...positions.data.subarray(0, 128)], [...own.data.subarray(0, 128)]);
    const config = JSON.parse(await Deno.readTextFile(path("generator/image_encoder/config.json")));
    assertEquals([config.image_size, config.projection_dim], [24, 4]);
  }));

Deno.test("exportImageEncoder() leaves out images that cannot be read, where it may", () =>
  withFolder(async (path) => {
    await saveClipRun(path("run"), SIZE);
    const damaged = datasetOf("noise", 13, (index) => {
      if (index === 4) return { key: "4", source: fileSource(path("missing.png")) };
      return dataset.sample(index < 4 ? index : index - 1);
    });
    const warnings: string[] = [];
    const options = { embedding: 4, batchSize: 3 };
    await exportImageEncoder(path("run"), path("damaged"), {
      ...options,
      dataset: damaged,
      onWarning: (message) => warnings.push(message),
    });
    assertEquals(warnings.length, 1);
    await exportImageEncoder(path("run"), path("whole"), { ...options, dataset });
    const [found, wanted] = await Promise.all(["damaged", "whole"].map(async (name) => {
      const file = path(`${name}/image_encoder/model.safetensors`);
      return (await readSafetensors(file)).tensors.get("visual_projection.weight")!.data;
    }));
    const error = relativeError(found!, wanted!);
    assert(error < 1e-3, `projections differ by ${error} of their norm`);
    await assertRejects(
      () => exportImageEncoder(path("run"), path("strict"), { ...options, dataset: damaged }),
      Error,
      "missing.png",
    );
  }));

Deno.test("exportImageEncoder() refuses other backbones", () =>
  withFolder(async (path) => {
    await saveRun(path("run"));
    await assertRejects(
      () => exportImageEncoder(path("run"), path("generator"), { dataset, embedding: 4 }),
      TypeError,
      "must be one of CLIP's vision transformers, found resnet18",
    );
  }));
