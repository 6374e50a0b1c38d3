import { assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_CONFIGURATION } from "../../core/method/configuration.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import { saveCheckpoint } from "../../core/weights/checkpoint/checkpoint.ts";
import { buildFeatureGraph } from "../../core/encoders/feature_extractor.ts";
import { viewRecipes } from "../../core/data/views/named_views.ts";
import { configuredBackbone } from "../../core/train/run/train.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { hashedParameters } from "../core/engine/nn/hashed_values.ts";
import { drawPictures } from "./square_pictures.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs `deno task evaluate`. */
async function evaluate(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "evaluate", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Writes a checkpoint of an untrained network, and gives its path. */
function writeNetwork(folder: string, data: string): Promise<string> {
  const configuration = { ...DEFAULT_CONFIGURATION, imageSize: 32, backbone: "resnet18", data };
  const { scope } = buildFeatureGraph({
    backbone: configuredBackbone(configuration),
    size: 32,
    batchSize: 1,
    normalize: viewRecipes(configuration)[0]!.normalize,
    device: CPU,
  });
  const state = {
    version: 1 as const,
    method: "none",
    step: 0,
    epoch: 0,
    samples: 0,
    configuration,
  };
  const model = Object.entries(hashedParameters(scope));
  return saveCheckpoint(folder, { state, model, optimizer: [] }, 1);
}

Deno.test("evaluate says by how many neighbours, by what kind of probe, and what it left out", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await Deno.writeTextFile(path("images/cats/broken.png"), "nothing");
    const network = await writeNetwork(path("checkpoints"), images);
    const { code, out, err } = await evaluate(network, "--test", `${images}/`);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "nearest neighbours (k 5, all there are)");
    assertStringIncludes(
      out,
      "linear probe (lightly; cached features, standardised, without augmentation)",
    );
    assertStringIncludes(out, `1 of 7 images of ${images} cannot be read and are left out`);
    assertEquals(err.match(/warning: Skipped the image ".*broken.png"/g)?.length, 1, err);

    const machine = JSON.parse((await evaluate(network, "--json")).out);
    assertEquals(machine.test, { data: images, samples: 6, skipped: 1 });
    assertEquals(machine.probe.mode, "cached features, standardised, without augmentation");

    for (
      const [args, message] of [
        [["--strict"], "broken.png"],
        [["--k", "7"], "k must be an integer in [1, 6], found 7"],
        [["--test", path("images/big dogs")], "every image must have a label"],
      ] as const
    ) {
      const refused = await evaluate(network, ...args);
      assertEquals([refused.code, refused.out], [1, ""]);
      assertStringIncludes(refused.err, "error: Cannot ");
      assertStringIncludes(refused.err, message);
    }
  }));
