import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Dataset, RenderedSource } from "../../../../core/data/dataset.ts";
import { datasetOf, fileSource, imagesInMemory } from "../../../../core/data/dataset_of.ts";
import {
  openTrainedTower,
  type TrainedTower,
} from "../../../../core/encoders/export_image_encoder.ts";
import { zeros } from "../../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { layoutTargets } from "../../../../core/unclip/training/layout_targets.ts";
import { layoutTraining, trainLayout } from "../../../../core/unclip/training/train_layout.ts";
import { inFolder } from "../../../in_folder.ts";
import { saveClipRun } from "../../encoders/saved_clip_run.ts";
import { tenEmoji } from "./tiny_generator.ts";

/** Images of one colour each. */
function coloured(colours: readonly (readonly [number, number, number])[]): Dataset {
  return imagesInMemory(
    "colours",
    colours.map((colour) => ({
      width: 16,
      height: 16,
      data: Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => colour[i % 3]!),
    })),
  );
}

Deno.test("layoutTargets() are small pictures in units of what they differ by", async () => {
  const dataset = coloured([[10, 20, 30], [30, 20, 10]]);
  const { values } = await layoutTargets(dataset, { side: 2, draws: 1 });
  assertEquals(values.shape, [2, 12]);
  // Red and blue are 10 away from their mean, green is not: the mean square is two thirds of 100.
  const red = Math.sqrt(3 / 2);
  [-red, 0, red, red, 0, -red].forEach((wanted, i) => {
    const row = Math.floor(i / 3) * 12;
    assertAlmostEquals(values.data[row + i % 3]!, wanted, 1e-6);
  });
});

Deno.test("layoutTargets() reads what lies in a file once, and renders for each draw", async () => {
  const bytes = await Deno.readFile(new URL("../../../../docs/generator.png", import.meta.url));
  const rendered = (await tenEmoji()).sample(0).source as RenderedSource;
  const epochs: number[] = [];
  let reads = 0;
  const read = () => {
    reads++;
    return Promise.resolve(bytes);
  };
  const mixed = datasetOf("mixed", 2, (index) => ({
    key: String(index),
    source: index === 0 ? { kind: "encoded", name: "a file", read } : {
      kind: "rendered",
      name: "rendered",
      render: async (epoch) => {
        epochs.push(epoch);
        return await rendered.render(epoch);
      },
    },
  }));
  await layoutTargets(mixed, { side: 2, draws: 3 });
  assertEquals([reads, epochs], [1, [0, 1, 2]]);
});

Deno.test("layoutTargets() are means over draws, without what cannot be read", async () => {
  const emoji = await tenEmoji();
  const damaged = datasetOf(
    "some emoji",
    4,
    (index) => index === 2 ? { key: "2", source: fileSource("none.png") } : emoji.sample(index),
  );
  const warnings: string[] = [];
  const targets = await layoutTargets(damaged, {
    ...{ side: 4, draws: 3 },
    onWarning: (message) => warnings.push(message),
  });
  assertEquals(warnings.length, 1);
  assertEquals([0, 1, 2, 3].map(targets.isKnown), [true, true, false, true]);
  assert(targets.values.data.subarray(2 * 48, 3 * 48).every((value) => value === 0));
  const one = (await layoutTargets(damaged, { side: 4, draws: 1 })).values.data;
  assert(targets.values.data.some((value, i) => Math.abs(value - one[i]!) > 0.05));
  await assertRejects(
    () => layoutTargets(coloured([[1, 2, 3], [1, 2, 3]]), { side: 2, draws: 1 }),
    TypeError,
    "images must differ",
  );
});

/** A tower that was never trained, for images of 16 pixels. */
async function drawnTower(root: string): Promise<TrainedTower> {
  await saveClipRun(`${root}/pretraining`, 16);
  return await openTrainedTower(`${root}/pretraining`);
}

const placement = { device: CPU, threads: 1 };
const training = { ...layoutTraining(12, 0), batchSize: 4, side: 4, draws: 2, learningRate: 3e-3 };

Deno.test("trainLayout() has the class token tell layouts while other tokens stay", () =>
  inFolder(async (root) => {
    const [tower, dataset] = [await drawnTower(root), await tenEmoji()];
    const options = { dataset, layouts: dataset, placement, checkpointMinutes: 5 };
    const made = await trainLayout(`${root}/layout`, tower, { ...options, training });
    assertEquals([...made!.tensors.keys()].sort(), [...tower.tensors.keys()].sort());
    const steps = await readJsonLines(`${root}/layout/steps.jsonl`);
    const [first, last] = [steps[0]!, steps.at(-1)!];
    assertEquals(first["tokens"], 0);
    assert(Number(last["layout"]) < 0.8 * Number(first["layout"]), JSON.stringify(steps));
    // Where tokens may go where they like, they go further.
    const free = { ...training, tokenWeight: 0 };
    await trainLayout(`${root}/free`, tower, { ...options, training: free });
    const moved = (await readJsonLines(`${root}/free/steps.jsonl`)).at(-1)!["tokens"];
    assert(Number(moved) > 1.5 * Number(last["tokens"]), `${moved} and ${last["tokens"]}`);
  }));

Deno.test("trainLayout() that was stopped goes on as if it had not been", () =>
  inFolder(async (root) => {
    const [tower, dataset] = [await drawnTower(root), await tenEmoji()];
    const options = { dataset, layouts: dataset, training, placement, checkpointMinutes: 5 };
    const whole = await trainLayout(`${root}/whole`, tower, options);
    const abort = new AbortController();
    const stopped = await trainLayout(`${root}/parts`, tower, {
      ...options,
      signal: abort.signal,
      report: (event) => event.kind === "step" && event.step === 5 && abort.abort(),
    });
    assertEquals(stopped, undefined);
    const tensors = new Map(
      [...tower.tensors].map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
    );
    await assertRejects(
      () => trainLayout(`${root}/parts`, { ...tower, tensors }, options),
      TypeError,
      '"tower"',
    );
    const resumed = await trainLayout(`${root}/parts`, tower, options);
    assertEquals(resumed, whole);
  }));

Deno.test("trainLayout() refuses layouts of other images, and fewer images than a batch", () =>
  inFolder(async (root) => {
    const [tower, dataset] = [await drawnTower(root), await tenEmoji()];
    const options = { dataset, training, placement, checkpointMinutes: 5 };
    const few = coloured([[1, 2, 3], [3, 2, 1]]);
    await assertRejects(
      () => trainLayout(`${root}/layout`, tower, { ...options, layouts: few }),
      TypeError,
      "found 2 and 10",
    );
    const others = datasetOf("others", 10, (index) => dataset.sample((index + 1) % 10));
    await assertRejects(
      () => trainLayout(`${root}/layout`, tower, { ...options, layouts: others }),
      TypeError,
      "must be those of",
    );
    await assertRejects(
      () => trainLayout(`${root}/layout`, tower, { ...options, dataset: few, layouts: few }),
      RangeError,
      "the 4 images of a batch",
    );
  }));
