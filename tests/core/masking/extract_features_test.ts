import { assert, assertEquals, assertRejects } from "@std/assert";
import { openImageFolder } from "../../../core/data/mod.ts";
import { CLIP_NORMALIZATION, evaluationRecipe } from "../../../core/data/views/presets.ts";
import type { TokenNetwork } from "../../../core/encoders/mod.ts";
import {
  describeDevice,
  type Device,
  trustDevice,
  withoutTf32,
} from "../../../core/engine/ort/mod.ts";
import { FolderLock } from "../../../core/files/folder_lock.ts";
import {
  extractFeatures,
  readAnalysis,
  sampleIndices,
  type ThresholdRule,
} from "../../../core/masking/mod.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { exportTinyBackbone } from "../encoders/tiny_backbone.ts";

Deno.test("sampleIndices() draws by the seed, each once, in order", () => {
  const all = Array.from({ length: 100 }, (_, i) => 2 * i);
  const drawn = sampleIndices(all, 10, 1);
  assertEquals([drawn.length, new Set(drawn).size], [10, 10]);
  assertEquals(drawn, drawn.toSorted((a, b) => a - b));
  assertEquals(sampleIndices(all, 10, 1), drawn);
  assert(String(sampleIndices(all, 10, 2)) !== String(drawn));
  assertEquals(sampleIndices(all, 100, 1), all);
});

Deno.test("extractFeatures() refuses a folder where another process is at work, and leaves its files alone", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const options = {
      network: { model: path("mine.safetensors") },
      images: path("images"),
      outputDir: path("out"),
    };
    {
      using _lock = await FolderLock.acquire(path("out/mine"));
      await assertRejects(
        () => extractFeatures(options),
        Deno.errors.AlreadyExists,
        "at work there",
      );
      const names = (await Array.fromAsync(Deno.readDir(path("out/mine")))).map(({ name }) => name);
      assertEquals(names, [".genview.lock"]);
    }
    const { finished, analysis } = await extractFeatures(options);
    assertEquals([finished, analysis], [true, undefined]);
  }));

Deno.test("extractFeatures() computes by the original program's threshold without TF32, unless it is turned on", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    /** How the network is to be loaded on a device, of which nothing is known here. */
    const loadedOn = async (rule: ThresholdRule, options?: Device["options"]) => {
      const device: Device = { provider: "cuda", index: 990, ...(options && { options }) };
      await trustDevice(withoutTf32(device), {
        hardware: undefined,
        test: () => Promise.resolve([]),
      });
      let loaded: Device | undefined;
      const network: TokenNetwork = {
        ...{ name: "none", grid: [2, 2], width: 4 },
        view: evaluationRecipe(16, CLIP_NORMALIZATION),
        createSession(_images, _build, { device } = {}) {
          loaded = device;
          return Promise.reject(new Error("no GPU"));
        },
      };
      const asked = { network, images: path("images"), outputDir: path("out"), rule, device };
      await assertRejects(() => extractFeatures(asked), Error, "no GPU");
      return describeDevice(loaded!);
    };
    const genview: ThresholdRule = { kind: "genview" };
    assertEquals(await loadedOn(genview), "cuda:990, TF32 off");
    assertEquals(await loadedOn(genview, { use_tf32: "1" }), "cuda:990, TF32 on");
    assertEquals(await loadedOn({ kind: "quantile", share: 0.4 }), "cuda:990, TF32 on");
  }));

Deno.test("extractFeatures() reports names that the file system does not take, and analyses the others", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    // The first is too long for features, the second for maps alone.
    const [noFeatures, noMaps] = [253, 245].map((length) => `${"x".repeat(length - 4)}.png`);
    for (const name of [noFeatures, noMaps]) {
      await Deno.copyFile(path("images/cats/0.png"), path(`images/cats/${name}`));
    }
    const { images, refused, folder } = await extractFeatures({
      network: { model: path("mine.safetensors") },
      images: await openImageFolder(path("images")),
      outputDir: path("out"),
      numExtract: 8,
      numVis: 8,
    });
    assertEquals(images, 7);
    assertEquals(refused.toSorted(), [`cats/${noMaps}`, `cats/${noFeatures}`].toSorted());
    assertEquals((await readAnalysis(folder))?.images, 7);
  }));

Deno.test("extractFeatures() replaces no component outside of its folder, where a link leads to", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const options = {
      network: { model: path("mine.safetensors") },
      images: path("images"),
      outputDir: path("out"),
      numExtract: 4,
      numVis: 0,
    };
    const { folder } = await extractFeatures(options);
    await Deno.rename(`${folder}/eigenvectors`, path("elsewhere"));
    await Deno.symlink(path("elsewhere"), `${folder}/eigenvectors`);
    const component = path("elsewhere/pca_vectors.npy");
    const { ino } = await Deno.stat(component);
    await assertRejects(
      () => extractFeatures({ ...options, overwrite: true }),
      Error,
      "a symbolic link leads out of",
    );
    assertEquals((await Deno.stat(component)).ino, ino);
  }));
