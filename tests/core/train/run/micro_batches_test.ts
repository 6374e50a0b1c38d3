import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { loadCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import type { PartialConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { train } from "../../../../core/train/run/train.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";
import type { TrainOptions } from "../../../../core/train/run/train_options.ts";
import { inFolder } from "../../../in_folder.ts";
import { PATCH_DIRECTION, patchMeans } from "../patch_means.ts";
import { noise, options, SIZE, stopAfter } from "../small_run.ts";
import { PER_SAMPLE, shuffledKeys } from "../step/accumulation/small_couplings.ts";
import { finalState } from "./final_state.ts";

/** A vision transformer, which has no batch norm, with a queue, a momentum encoder and keys of a shuffled batch. */
function contrast(output: string, changes: PartialConfiguration = {}): TrainOptions {
  return {
    ...options(output, {
      backbone: "vit_tiny_patch16_224",
      epochs: 2,
      parameterRules: [],
      options: {},
      scheduled: { encoderMomentum: { from: 0.9, to: 1 } },
      ...changes,
    }),
    method: shuffledKeys(PER_SAMPLE),
  };
}

async function lossesOf(folder: string): Promise<number[]> {
  return (await readJsonLines(join(folder, "steps.jsonl"))).map(({ loss }) => Number(loss));
}

Deno.test("train() by micro-batches takes the steps of whole batches, on the same samples", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const expected = await train(contrast(whole));
    const found = await train(contrast(parts, { deviceBatchSize: 2 }));
    const losses = await lossesOf(parts);
    assertEquals([losses.length, found.step], [6, 6]);
    (await lossesOf(whole)).forEach((loss, i) =>
      assert(Math.abs(losses[i]! - loss) < 1e-4, `loss ${i}: ${losses[i]} for ${loss}`)
    );
    const { model } = await loadCheckpoint(expected.checkpoint!);
    const { model: other } = await loadCheckpoint(found.checkpoint!);
    for (const [name, { data }] of model) {
      const values = other.get(name)!.data;
      data.forEach((value, i) =>
        assert(Math.abs(Number(value) - Number(values[i])) < 1e-4, `${name}[${i}]`)
      );
    }
  }));

Deno.test("train() by micro-batches resumes within an epoch bit for bit", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const given = (output: string) => options(output, { epochs: 2, deviceBatchSize: 4 });
    await train(given(whole));
    await train({ ...given(parts), ...stopAfter(2) });
    await assertRejects(
      () => train({ ...options(parts, { epochs: 2, deviceBatchSize: 2 }), resume: "latest" }),
      TypeError,
      "--device-batch-size was 4, found 2",
    );
    await train({ ...given(parts), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
  }));

Deno.test("train() by micro-batches weights pairs with mean 1 in each of them, and draws them all", () =>
  inFolder(async (output) => {
    const events: TrainEvent[] = [];
    await train({
      ...options(output, { epochs: 1, deviceBatchSize: 4, vis: 2 }),
      dataset: noise(8),
      pairEncoder: {
        network: patchMeans(SIZE),
        component: PATCH_DIRECTION,
        sharpness: 20,
      },
      report: (event) => void events.push(event),
    });
    const [step] = await readJsonLines(join(output, "steps.jsonl"));
    const largest = Number(step!["largestPairWeight"]);
    assert(largest > 1 && largest <= 4, `the largest weight is ${largest}`);
    const pairs = events.find((event) => event.kind === "pairs")!;
    assertEquals(pairs.weights.length, 2);
    assertEquals(pairs.weights.reduce((most, x) => Math.max(most, x)), largest);
  }));

Deno.test("train() refuses micro-batches that do not divide the batch", () =>
  inFolder(async (output) => {
    await assertRejects(
      () => train(options(output, { deviceBatchSize: 3 })),
      RangeError,
      "Cannot accumulate gradients: --device-batch-size must divide --batch-size 8, found 3",
    );
  }));
