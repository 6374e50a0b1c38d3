import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { filled, float32, tensor } from "../../core/engine/graph/tensor.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import { resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { pngSize } from "../../core/plot/png_size.ts";
import { writeNpy } from "../../core/weights/npy.ts";
import {
  configuredPairEncoder,
  configuredPairsShown,
  drawPairs,
} from "../../tasks/quality_option.ts";
import { exportTinyBackbone } from "../core/encoders/tiny_backbone.ts";
import { inFolder } from "../in_folder.ts";

function configured(qualityEncoder: string, qualityVectors: string): Configuration {
  return resolveConfiguration({ qualityEncoder, qualityVectors, qualitySharpness: 2 });
}

const JUDGED = {
  epoch: 3,
  pictures: [
    filled("uint8", [2, 32, 32, 3], 200),
    filled("uint8", [2, 32, 32, 3], 90),
  ],
  maps: [filled("float32", [2, 4], 0.5), float32([2, 4], [0, 1, 0, 1, 1, 0, 1, 0])],
  grid: [2, 2],
  foreground: Float32Array.of(0.9, 0.8),
  background: Float32Array.of(0.5, 0.7),
  weights: Float32Array.of(1.1, 0.9),
} as const;

Deno.test("configuredPairEncoder() opens the network and finds its component", () =>
  inFolder(async (folder) => {
    assertEquals(await configuredPairEncoder(configured("", "nowhere")), undefined);
    const weights = join(folder, "tiny.safetensors");
    await exportTinyBackbone(weights);
    const results = join(folder, "pca_results");
    const vector = Float32Array.from({ length: 192 }, (_, i) => i / 192);
    await Deno.mkdir(join(results, "tiny", "eigenvectors"), { recursive: true });
    const file = join(results, "tiny", "eigenvectors", "pca_vectors.npy");
    await writeNpy(file, tensor("float32", [192, 1], vector));
    for (const vectors of [file, join(results, "tiny"), results]) {
      const encoder = (await configuredPairEncoder(configured(weights, vectors)))!;
      assertEquals([encoder.network.name, encoder.sharpness], ["tiny", 2]);
      assertEquals(encoder.direction, vector);
    }
  }));

Deno.test("configuredPairEncoder() says what is missing or does not fit", () =>
  inFolder(async (folder) => {
    const weights = join(folder, "tiny.safetensors");
    await exportTinyBackbone(weights);
    await assertRejects(
      () => configuredPairEncoder(configured(weights, join(folder, "none"))),
      TypeError,
      'output folder of "deno task extract-features"',
    );
    await assertRejects(
      () => configuredPairEncoder(configured(weights, folder)),
      TypeError,
      "must hold eigenvectors/pca_vectors.npy",
    );
    const other = join(folder, "other.npy");
    await writeNpy(other, tensor("float32", [8, 1], new Float32Array(8)));
    await assertRejects(
      () => configuredPairEncoder(configured(weights, other)),
      TypeError,
      "must hold float32[192,1], found 8 numbers",
    );
    await assertRejects(
      () => configuredPairEncoder(configured("convnext_base_x", other)),
      TypeError,
      'the nearest is "convnext_base_w"',
    );
  }));

Deno.test("configuredPairsShown() draws pairs of each epoch, and needs an encoder", () =>
  inFolder(async (folder) => {
    assertEquals(configuredPairsShown(configured("", ""), folder), undefined);
    assertThrows(
      () => configuredPairsShown({ ...configured("", ""), vis: 4 }, folder),
      TypeError,
      "--vis needs --quality-encoder",
    );
    const shown = configuredPairsShown({ ...configured("a", ""), vis: 2 }, folder)!;
    assertEquals(shown.count, 2);
    await shown.show(JUDGED);
    const png = await Deno.readFile(join(folder, "pairs", "epoch-3.png"));
    assertEquals(png, await drawPairs(JUDGED));
    const { width, height } = pngSize(png);
    // Two rows of four pictures, each about 128 pixels wide.
    assert(
      width > 4 * 112 && width < 900 && height > 2 * 112 && height < 500,
      `${width}x${height}`,
    );
  }));
