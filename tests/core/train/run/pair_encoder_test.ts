import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import type { Configuration } from "../../../../core/method/configuration.ts";
import { resolveConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { writeNpy } from "../../../../core/weights/npy.ts";
import { configuredPairEncoder } from "../../../../core/train/run/pair_encoder.ts";
import { exportTinyBackbone } from "../../encoders/tiny_backbone.ts";
import { inFolder } from "../../../in_folder.ts";

function configured(qualityEncoder: string, qualityComponent: string): Configuration {
  return resolveConfiguration({ qualityEncoder, qualityComponent, qualitySharpness: 2 });
}

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
      assertEquals(encoder.component, vector);
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
