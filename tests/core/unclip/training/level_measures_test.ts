import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { backbone } from "../../../../core/backbones/registry.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { measureLevels } from "../../../../core/unclip/training/level_measures.ts";
import { writeSafetensors } from "../../../../core/weights/safetensors.ts";
import { withModel } from "../../variations/variation_fixture.ts";

Deno.test("measureLevels() compares variations at each level with originals by another network", () =>
  withModel(async (path) => {
    const scope = new Scope();
    backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 32, 32]));
    await writeSafetensors(path("encoder.safetensors"), scope.initialize(1));
    const options = {
      ...{ model: path("model"), data: path("images"), encoder: path("encoder.safetensors") },
      ...{ levels: [0, 400], count: 3, numInferenceSteps: 2, batchSize: 3 },
      ...{ device: "cpu", threads: 1, output: path("measures.json") },
    };
    const events: unknown[] = [];
    const measures = await measureLevels(options, { report: (event) => events.push(event) });
    const { levels, originals, others, images, bank, encoder } = measures;
    assertEquals([images, encoder], [3, "encoder"]);
    assertEquals(levels.map(({ level }) => level), [0, 400]);
    assertAlmostEquals(originals.similarity, 1, 1e-5);
    // Files are the same in the bank: each original is nearest to itself.
    assertEquals(originals.nearestIdentity, 1);
    assertAlmostEquals(others.nearestIdentity, 1 / bank, 1e-9);
    for (const { similarity, distance } of levels) {
      assert(similarity < originals.similarity && distance > originals.distance);
    }
    assertEquals(JSON.parse(await Deno.readTextFile(path("measures.json"))), measures);
    assertEquals(events.at(-1), { kind: "progress", made: 6, unreadable: 0, failed: 0 });
    await assertRejects(() => measureLevels(options), Deno.errors.AlreadyExists, "--overwrite");
    await assertRejects(
      () => measureLevels({ ...options, count: 1, overwrite: true }),
      RangeError,
      "at least 2 images, found 1",
    );
  }));
