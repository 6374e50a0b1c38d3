import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { backbone } from "../../../../core/backbones/registry.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { drawSamples } from "../../../../core/unclip/training/draw_samples.ts";
import { KeptVariations } from "../../../../core/unclip/training/kept_variations.ts";
import type { VariationEvent, VariationRunOptions } from "../../../../core/variations/progress.ts";
import { inFolder } from "../../../in_folder.ts";
import { measureLevels } from "../../../../core/unclip/training/level_measures.ts";
import { readLevelMeasures } from "../../../../core/unclip/training/read_measures.ts";
import { writeSafetensors } from "../../../../core/weights/safetensors.ts";
import { withModel } from "../../variations/variation_fixture.ts";

/** Writes a network that compares images. */
async function writeEncoder(path: string): Promise<void> {
  const scope = new Scope();
  backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 32, 32]));
  await writeSafetensors(path, scope.initialize(1));
}

/** Works until something has been made, is stopped, and goes on; what the second time began with, and gave. */
async function inTwo<T>(
  work: (run: VariationRunOptions) => Promise<T>,
): Promise<{ readonly existing: number; readonly result: T }> {
  const abort = new AbortController();
  const stop = ({ kind }: VariationEvent) => {
    if (kind === "progress") abort.abort();
  };
  const error = await assertRejects(() => work({ signal: abort.signal, report: stop }));
  assertEquals(error, abort.signal.reason);
  let existing = 0;
  const report = (event: VariationEvent) => {
    if (event.kind === "start") existing = event.existing;
  };
  return { result: await work({ report }), existing };
}

Deno.test("measureLevels() and drawSamples() go on where they were stopped, if by the same settings", () =>
  withModel(async (path) => {
    await writeEncoder(path("encoder.safetensors"));
    const options = {
      ...{ model: path("model"), data: path("images"), levels: [0, 400], count: 4 },
      ...{ numInferenceSteps: 2, batchSize: 2, device: "cpu", threads: 1 },
    };
    const measure = (output: string, run?: VariationRunOptions) =>
      measureLevels({ ...options, encoder: path("encoder.safetensors"), output }, run);
    const whole = await measure(path("whole.json"));
    const { existing, result } = await inTwo((run) => measure(path("measures.json"), run));
    assertEquals(existing, 2);
    assertEquals(result, whole);

    // What was made by other settings is made anew.
    const other = await inTwo((run) =>
      drawSamples({
        ...{ ...options, output: path("other.png") },
        // The second time the signal is missing.
        seed: run.signal === undefined ? 1 : 0,
      }, run)
    );
    assertEquals(other.existing, 0);
    const names = await Array.fromAsync(Deno.readDir(path(".")), ({ name }) => name);
    assertEquals(names.filter((name) => name.endsWith(".partial")), []);
  }));

Deno.test("KeptVariations keeps whole batches of what was appended", () =>
  inFolder(async (folder) => {
    const images = [1, 2, 3, 4].map((value) => ({
      ...{ width: 2, height: 1, data: new Uint8Array(6).fill(value) },
    }));
    const path = `${folder}/variations.rgb`;
    {
      using kept = await KeptVariations.open(path, 2);
      assertEquals(kept.images, []);
      await kept.append(images.slice(0, 2));
    }
    // A process that was killed has written one image and a half of the next batch.
    await Deno.writeFile(path, new Uint8Array(9), { append: true });
    {
      using kept = await KeptVariations.open(path, 2);
      assertEquals(kept.images, images.slice(0, 2));
      await kept.append(images.slice(2));
    }
    using kept = await KeptVariations.open(path, 2);
    assertEquals(kept.images, images);
  }));

Deno.test("measureLevels() compares variations at each level with originals by another network", () =>
  withModel(async (path) => {
    await writeEncoder(path("encoder.safetensors"));
    const options = {
      ...{ model: path("model"), data: path("images"), encoder: path("encoder.safetensors") },
      ...{ levels: [0, 400], count: 3, numInferenceSteps: 2, batchSize: 3 },
      ...{ device: "cpu", threads: 1, output: path("measures.json") },
    };
    const events: unknown[] = [];
    const measures = await measureLevels(options, { report: (event) => events.push(event) });
    const note = events.find((event) => (event as VariationEvent).kind === "note");
    assertEquals(note, { kind: "note", text: "reconstructing 3 images" });
    const { levels, originals, reconstructions, others, images, bank, encoder } = measures;
    assertEquals([images, encoder], [3, "encoder"]);
    assertEquals(levels.map(({ level }) => level), [0, 400]);
    assertAlmostEquals(originals.similarity, 1, 1e-5);
    // Files are the same in the bank: each original is nearest to itself.
    assertEquals(originals.nearestIdentity, 1);
    assertAlmostEquals(others.nearestIdentity, 1 / bank, 1e-9);
    assert(reconstructions.similarity < originals.similarity);
    assert(reconstructions.distance > originals.distance);
    for (const { similarity, distance } of levels) {
      assert(similarity < originals.similarity && distance > originals.distance);
    }
    assertEquals(await readLevelMeasures(path("measures.json")), measures);
    const { reconstructions: _, ...before } = measures;
    await Deno.writeTextFile(path("before.json"), JSON.stringify(before));
    await assertRejects(
      () => readLevelMeasures(path("before.json")),
      TypeError,
      "must have required property 'reconstructions'",
    );
    assertEquals(events.at(-1), { kind: "progress", made: 6, unreadable: 0, failed: 0 });
    await assertRejects(() => measureLevels(options), Deno.errors.AlreadyExists, "--overwrite");
    await assertRejects(
      () => measureLevels({ ...options, count: 1, overwrite: true }),
      RangeError,
      "at least 2 images, found 1",
    );
  }));
