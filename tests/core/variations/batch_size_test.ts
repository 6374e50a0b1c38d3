import { assertEquals } from "@std/assert";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { findUnclip, PublishedFolder, type UnclipModel } from "../../../core/unclip/mod.ts";
import {
  batchSizeOf,
  defaultBatchSize,
  evenBatchSize,
} from "../../../core/variations/batch_size.ts";
import { makeVariations } from "../../../core/variations/make_variations.ts";
import { withModel, writeCopies } from "./variation_fixture.ts";

Deno.test("defaultBatchSize() is 32 for a small UNet on the CPU, 1 for a large one, and 12 on devices", () =>
  withModel(async (path) => {
    const model = await findUnclip(path("model"), { device: CPU });
    assertEquals(await defaultBatchSize(model), 32);
    assertEquals(
      await defaultBatchSize({ ...model, device: { provider: "webgpu", index: 0 } }),
      12,
    );
    const weights = await new PublishedFolder(path("model")).weights("unet", "float32");
    await Deno.truncate(weights, (64 << 20) + 1);
    assertEquals(await defaultBatchSize(model), 1);
  }));

Deno.test("evenBatchSize() makes batches few, and none much smaller than the others", () => {
  const sizes = [[32, 0], [32, 1], [32, 32], [32, 33], [32, 1906], [1, 5], [4, 6]] as const;
  const found = sizes.map(([most, count]) => evenBatchSize(most, count));
  assertEquals(found, [1, 1, 32, 17, 32, 1, 3]);
});

Deno.test("batchSizeOf() makes batches of a small generator on the CPU such that copies can share them", () =>
  withModel(async (path) => {
    const model = await findUnclip(path("model"), { device: CPU });
    const sizes = async (of: UnclipModel) =>
      await Promise.all(
        ([[33, undefined], [200, undefined], [6, undefined], [3, undefined], [6, 4], [
          7,
          7,
        ]] as const)
          .map(([count, most]) => batchSizeOf(of, count, most)),
      );
    assertEquals(await sizes(model), [20, 32, 8, 3, 3, 7]);
    const device = { provider: "webgpu", index: 0 } as const;
    assertEquals(await sizes({ ...model, device }), [11, 12, 6, 3, 3, 7]);
  }));

Deno.test("makeVariations() divides a list evenly, by the batch size that it is given or the model's", () =>
  withModel(async (path) => {
    await writeCopies(path, 6);
    const run = async (output: string, batchSize?: number) => {
      const made: number[] = [];
      await makeVariations({
        ...{ inputList: path("list.txt"), inputPrefix: path("images"), model: path("model") },
        ...{ outputPrefix: path(output), numInferenceSteps: 1, size: 0, device: "cpu", threads: 1 },
        batchSize,
      }, { report: (event) => void (event.kind === "progress" && made.push(event.made)) });
      return made;
    };
    assertEquals(await run("given", 4), [3, 6]);
    assertEquals(await run("default"), [6]);
  }));
