import { assertEquals } from "@std/assert";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { readJson } from "../../../core/files/json.ts";
import { PublishedFolder } from "../../../core/unclip/mod.ts";
import { drawSamples } from "../../../core/unclip/training/draw_samples.ts";
import { asPublished, findGenerator } from "../../../core/unclip/find_generator.ts";
import { makeVariations } from "../../../core/variations/make_variations.ts";
import { linesOf, type Path, withModel, writeCopies } from "../variations/variation_fixture.ts";

/** Makes the file of a UNet's weights larger than those of small generators. */
async function enlarge(path: Path): Promise<void> {
  const weights = await new PublishedFolder(path("model")).weights("unet", "float32");
  await Deno.truncate(weights, (64 << 20) + 1);
}

/** Gives the generator the scheduler of Stable unCLIP 2.1. */
async function ownScheduler(path: Path): Promise<void> {
  const file = path("model/scheduler/scheduler_config.json");
  const config = await readJson(file) as object;
  await Deno.writeTextFile(file, JSON.stringify({ ...config, _class_name: "PNDMScheduler" }));
}

Deno.test("findGenerator() has few steps and little guidance for a small UNet, and the published ones for a large one", () =>
  withModel(async (path) => {
    await ownScheduler(path);
    const found = async (options: Partial<Parameters<typeof findGenerator>[1]>) => {
      const generator = await findGenerator(path("model"), { device: CPU, ...options });
      const { model, scheduler, numInferenceSteps, scale } = generator;
      return [scheduler, model.scheduler, numInferenceSteps, scale];
    };
    const own = { scheduler: "ddim", numInferenceSteps: 7, scale: 1 } as const;
    const published = ["model", "pndm", 20, 10];
    assertEquals(await found({}), ["dpm-solver++", "dpm-solver++", 12, 3]);
    assertEquals(await found({ scheduler: "model" }), ["model", "pndm", 12, 3]);
    assertEquals(await found(asPublished({})), published);
    for (const options of [own, asPublished(own)]) {
      assertEquals(await found(options), ["ddim", "ddim", 7, 1]);
    }
    await enlarge(path);
    assertEquals(await found({}), published);
    assertEquals(await found(own), ["ddim", "ddim", 7, 1]);
  }));

Deno.test("makeVariations() records how a small generator has generated, and goes on by the same values", () =>
  withModel(async (path) => {
    await writeCopies(path, 2);
    const options = {
      ...{ inputList: path("list.txt"), inputPrefix: path("images"), model: path("model") },
      ...{ outputPrefix: path("variations"), size: 0, device: "cpu", threads: 1 },
    };
    const half = { shard: { index: 0, count: 2 } };
    assertEquals((await makeVariations({ ...options, ...half })).made, 1);
    const [line] = await linesOf(path("variations"));
    assertEquals([line!.scheduler, line!.steps, line!.scale], ["dpm-solver++", 12, 3]);
    const named = { scheduler: "dpm-solver++", numInferenceSteps: 12, scale: 3 } as const;
    const rest = await makeVariations({ ...options, ...named });
    assertEquals([rest.existing, rest.made], [1, 1]);
  }));

Deno.test("drawSamples() draws what a small generator shows its best by", () =>
  withModel(async (path) => {
    const draw = async (name: string, more: object) => {
      const output = path(name);
      await drawSamples({
        ...{ model: path("model"), data: path("images"), output, levels: [0], count: 1 },
        ...{ device: "cpu", threads: 1, ...more },
      });
      return await Deno.readFile(output);
    };
    const named = { scheduler: "dpm-solver++", numInferenceSteps: 12, scale: 3 };
    assertEquals(await draw("left-out.png", {}), await draw("named.png", named));
  }));
