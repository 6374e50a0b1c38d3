import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { CPU } from "../../core/engine/ort/mod.ts";
import { clipTokenNetwork, type TokenNetwork } from "../../core/encoders/mod.ts";
import { clipVisionTransformerTower } from "../../core/backbones/clip_vision_transformer.ts";
import { openImageFolder, openImageList } from "../../core/data/mod.ts";
import { CLIP_NORMALIZATION } from "../../core/data/views/presets.ts";
import type { Tensor } from "../../core/engine/graph/tensor.ts";
import { genviewThreshold, quantileThreshold } from "../../core/masking/mod.ts";
import { readNpy } from "../../core/weights/npy.ts";
import {
  analyze,
  checkRecord,
  type ExtractionOptions,
  extractMissing,
  sampleIndices,
} from "../../tasks/extraction.ts";
import { FeatureFiles, mirroredPath } from "../../tasks/feature_files.ts";
import { main } from "../../tasks/extract_features.ts";
import { uniqueIndices } from "../../tasks/token_batches.ts";
import { readTowerGolden, withFolder, writeEntries } from "../core/backbones/clip_golden.ts";
import { drawPictures } from "./square_pictures.ts";
import { exportTinyBackbone } from "./tiny_backbone.ts";
import { lastOfEach } from "./last_of_each.ts";

const TOWER = clipVisionTransformerTower({
  patch: 14,
  width: 80,
  layers: 3,
  heads: 2,
  embedding: 64,
});

/** A tower of random weights in a file. */
async function tinyNetwork(path: string): Promise<TokenNetwork> {
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

function options(folder: string): ExtractionOptions & { readonly notes: string[] } {
  const notes: string[] = [];
  return {
    folder,
    dtype: "float16",
    batchSize: 4,
    device: CPU,
    threads: 1,
    notes,
    note: (text) => notes.push(text),
  };
}

Deno.test("mirroredPath() gives every key a path of its own below the folder", () => {
  const keys = [
    ...["a/0.jpg", "/a/0.jpg", "../a/0.jpg", "./a/0.jpg", "a//0.jpg", "%2Fa/0.jpg", "a/0%.jpg"],
    ...["%2E%2E/a/0.jpg", "b/0.jpg", "C:\\a\\0.jpg", "a/o o.jpg"],
  ];
  const paths = keys.map(mirroredPath);
  assertEquals(new Set(paths).size, keys.length);
  assert(paths.every((path) => !path.startsWith("/") && !path.split("/").includes("..")));
  assertEquals(mirroredPath("a/o o.jpg"), "a/o o.jpg");
});

Deno.test("sampleIndices() draws by the seed, each once, in order", () => {
  const all = Array.from({ length: 100 }, (_, i) => 2 * i);
  const drawn = sampleIndices(all, 10, 1);
  assertEquals([drawn.length, new Set(drawn).size], [10, 10]);
  assertEquals(drawn, drawn.toSorted((a, b) => a - b));
  assertEquals(sampleIndices(all, 10, 1), drawn);
  assert(String(sampleIndices(all, 10, 2)) !== String(drawn));
  assertEquals(sampleIndices(all, 100, 1), all);
});

Deno.test("extractMissing() skips what is there, leaves no two images in one file, and warns of unreadable ones", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await Deno.writeTextFile(path("images/cats/broken.png"), "no picture");
    const network = await tinyNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const own = options(path("out"));
    const all = uniqueIndices(dataset);
    assert(await extractMissing(network, dataset, all, own));
    const files = new FeatureFiles(path("out"));
    const [cat, dog] = [files.path("cats/0.png"), files.path("big dogs/0.png")];
    const first = await readNpy(cat);
    assertEquals([first.dtype, first.shape], ["float16", [16, 80]]);
    assert(String((await readNpy(dog)).data) !== String(first.data));
    assert(!await files.has("cats/broken.png"));

    const before = (await Deno.stat(dog)).mtime;
    await Deno.remove(cat);
    const again = options(path("out"));
    assert(await extractMissing(network, dataset, all, again));
    assertEquals(again.notes, ["5 of 7 images have features already"]);
    assertEquals((await Deno.stat(dog)).mtime, before);
    assertEquals(await readNpy(cat), first);
  }));

Deno.test("extractMissing() stops when it is interrupted, and goes on to the same features", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    const network = await tinyNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const all = uniqueIndices(dataset);
    const stopped = { ...options(path("out")), batchSize: 2, signal: AbortSignal.abort() };
    assertEquals(await extractMissing(network, dataset, all, stopped), false);
    const files = new FeatureFiles(path("out"));
    const there = await Promise.all(all.map((i) => files.has(dataset.sample(i).key)));
    assertEquals(there.filter(Boolean).length, 2);
    assert(await extractMissing(network, dataset, all, options(path("out"))));
    await extractMissing(network, dataset, all, options(path("whole")));
    for (const index of all) {
      const { key } = dataset.sample(index);
      const whole = await readNpy(new FeatureFiles(path("whole")).path(key));
      assertEquals(await readNpy(files.path(key)), whole);
    }
  }));

Deno.test("analyze() turns the component by the border, and --flip turns it round", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    const network = await tinyNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const own = options(path("out"));
    const all = uniqueIndices(dataset);
    await extractMissing(network, dataset, all, own);
    const keys = all.map((index) => dataset.sample(index).key);
    const found = await analyze(network, keys, { kind: "quantile", share: 0.4 }, false, own);
    assertEquals(found.scores.shape, [6, 16]);
    assertEquals(found.orientation.decidedBy, "border");
    const ring = [5, 6, 9, 10];
    let [inside, border] = [0, 0];
    found.scores.data.forEach((score, i) => {
      if (ring.includes(i % 16)) inside += score / (6 * 4);
      else border += score / (6 * 12);
    });
    assert(inside > border, `inside ${inside}, border ${border}`);
    assertEquals(found.threshold, quantileThreshold(found.scores.data, 0.4));

    const flipped = await analyze(network, keys, { kind: "genview" }, true, own);
    assertEquals(flipped.component.vector, found.component.vector.map((x) => -x));
    assertEquals(flipped.scores.data, found.scores.data.map((x) => -x));
    assertEquals(flipped.threshold, genviewThreshold(flipped.scores.data));
    const given = await analyze(network, keys, { kind: "given", value: 0.1 }, false, own);
    assertEquals(given.threshold, Math.fround(0.1));
  }));

Deno.test("checkRecord() refuses a folder of another network's features", () =>
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
    await checkRecord(path("out"), record);
    await checkRecord(path("out"), record);
    await assertRejects(
      () => checkRecord(path("out"), { ...record, dtype: "float32" }),
      TypeError,
      "it holds others",
    );
  }));

Deno.test("uniqueIndices() takes an image that is listed twice once", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "a.jpg\nb.jpg\na.jpg\n");
    assertEquals(uniqueIndices(await openImageList(path("list.txt"), { files: false })), [0, 1]);
  }));

async function run(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-ffi", "--allow-env"],
      ...["--allow-sys", "tasks/extract_features.ts", ...lastOfEach(args)],
    ],
    cwd: new URL("../../", import.meta.url).pathname,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("extract-features by an exported backbone leaves all outputs, and never replaces them unasked", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const args = [
      ...[
        "--input-list",
        path("images"),
        "--model",
        path("mine.safetensors"),
        "--num-extract",
        "5",
      ],
      ...["--num-vis", "2", "--output-dir", path("out"), "--device", "cpu", "--threads", "1"],
    ];
    const { code, out, err } = await run(...args);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "of the tokens of 5 images are foreground");
    const folder = path("out/mine");
    const vector = await readNpy(join(folder, "eigenvectors/pca_vectors.npy"));
    const mean = await readNpy(join(folder, "eigenvectors/mean_vectors.npy"));
    assertEquals([vector.dtype, vector.shape, mean.shape], ["float32", [192, 1], [192]]);
    const said = JSON.parse(await Deno.readTextFile(join(folder, "threshold.json")));
    assertEquals([said.images, said.grid, said.rule], [5, [4, 4], {
      kind: "quantile",
      share: 0.4,
    }]);
    assertEquals(said.foregroundShare, 0.4);
    const pictures: string[] = [];
    for (const place of ["masks", "maps", "original_images"]) {
      for await (const { name } of Deno.readDir(join(folder, place))) {
        for await (const file of Deno.readDir(join(folder, place, name))) {
          pictures.push(`${place}/${file.name.replace(/^\d/, "")}`);
        }
      }
    }
    assertEquals(pictures.toSorted(), [
      ...Array(2).fill("maps/.png.background.png"),
      ...Array(2).fill("maps/.png.foreground.png"),
      ...Array(2).fill("masks/.png.png"),
      ...Array(2).fill("original_images/.png.png"),
    ]);
    for (const name of ["overview.png", "pca_histograms.png"]) {
      assert((await Deno.stat(join(folder, name))).size > 1000);
    }

    const refused = await run(...args);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "pca_vectors.npy exists; --overwrite replaces");
    // Other weights of the same name must not be mixed with these.
    await Deno.mkdir(path("other"));
    await Deno.copyFile(path("mine.safetensors"), path("other/mine.safetensors"));
    const mixed = await run(...args, "--overwrite", "--model", path("other/mine.safetensors"));
    assertEquals(mixed.code, 1);
    assertStringIncludes(mixed.err, "it holds others");
    const replaced = await run(...args, "--overwrite", "--flip", "--fg-thre", "-0.25");
    assertEquals(replaced.code, 0, replaced.err);
    assertStringIncludes(replaced.err, "5 of 5 images have features already");
    const turned: Tensor = await readNpy(join(folder, "eigenvectors/pca_vectors.npy"));
    assertEquals(turned.data, (vector.data as Float32Array).map((x) => -x));
    const after = JSON.parse(await Deno.readTextFile(join(folder, "threshold.json")));
    assertEquals([after.threshold, after.orientation.flipped], [-0.25, true]);
  }));

Deno.test("extract-features says what is wrong before it writes anything", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const model = ["--model", path("mine.safetensors"), "--output-dir", path("out")];
    const images = ["--input-list", path("images")];
    const cases: [string[], string][] = [
      [[...images, "--model", "ViT-Q-14"], 'Cannot build CLIP model "ViT-Q-14"'],
      [[...images, ...model, "--num-extract", "0"], "--num-extract must be -1 or at least 1"],
      [[...images, ...model, "--fg-thre", "much"], '--fg-thre must be a number, found "much"'],
      [[...images, ...model, "--patch-size", "14"], "--patch-size must be 16"],
      [["--input-list", path("none"), ...model], "found nothing of this name"],
      [[...images, ...model, "--backbone", "resnet18"], "its tensors must be those of resnet18"],
    ];
    for (const [args, message] of cases) {
      await assertRejects(() => main([...args, "--device", "cpu"]), Error, message);
    }
    await assertRejects(() => Deno.stat(path("out")), Deno.errors.NotFound);
  }));
