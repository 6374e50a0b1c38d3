import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type Tensor, tensor, zeros } from "../../../../core/engine/graph/tensor.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { ifThere } from "../../../../core/files/if_there.ts";
import type { Precision } from "../../../../core/engine/precision/precision.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { buildStage } from "../../../../core/unclip/training/built_stage.ts";
import { autoencoderLoss } from "../../../../core/unclip/training/autoencoder_loss.ts";
import { openStageStep } from "../../../../core/unclip/training/replicated_step.ts";
import { optimizationOf } from "../../../../core/unclip/training/stage_schedule.ts";
import { autoencoderConfig } from "../../../../core/unclip/training/train_autoencoder.ts";
import { trainGenerator } from "../../../../core/unclip/training/train_generator.ts";
import { loadNewestCheckpoint } from "../../../../core/weights/checkpoint/newest.ts";
import { relativeError } from "../../engine/nn/relative_error.ts";
import { inFolder } from "../../../in_folder.ts";
import { TINY, tinyTraining } from "./tiny_generator.ts";

const STAGES = ["autoencoder", "unet"] as const;

/** Parameters and averages of a stage at its end. */
async function modelOf(output: string, stage: string): Promise<ReadonlyMap<string, Tensor>> {
  return (await loadNewestCheckpoint(`${output}/${stage}/checkpoints`))!.checkpoint.model;
}

Deno.test("two replicas train a generator as one does, and when they are stopped and resumed the same bit for bit", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const [one, two, pieces] = ["one", "two", "pieces"].map((name) => `${root}/${name}`);
    await trainGenerator({ ...options, output: one! });
    const shared = { ...options, placement: { device: CPU, threads: 2 }, replicas: 2 };
    await trainGenerator({ ...shared, output: two! });
    let finished = false;
    while (!finished) {
      const abort = new AbortController();
      const report = ({ kind }: { readonly kind: string }) => kind === "step" && abort.abort();
      const run = { ...shared, output: pieces!, resume: true };
      ({ finished } = await trainGenerator({ ...run, signal: abort.signal, report }));
    }
    for (const stage of STAGES) {
      const [single, joint] = await Promise.all(
        [one, two].map((output) => readJsonLines(`${output}/${stage}/steps.jsonl`)),
      );
      for (const [i, { loss, gradientNorm }] of joint!.entries()) {
        for (
          const [found, wanted] of [[loss, single![i]!["loss"]], [
            gradientNorm,
            single![i]!["gradientNorm"],
          ]]
        ) {
          const error = Math.abs(Number(found) / Number(wanted) - 1);
          assert(error < 1e-4, `${stage}, step ${i + 1}: differs by ${error}`);
        }
      }
      const [whole, resumed] = [await modelOf(two!, stage), await modelOf(pieces!, stage)];
      assertEquals(resumed, whole);
      const alone = await modelOf(one!, stage);
      // Adam's first steps go by the sign of the gradient, which rounding turns where it is almost 0.
      for (const [name, { data }] of whole) {
        const error = relativeError(
          Array.from(data, Number),
          Array.from(alone.get(name)!.data, Number),
        );
        if (name.endsWith(".weight")) assert(error < 0.05, `${name} differs by ${error}`);
      }
    }
  }));

Deno.test("replicas that cannot share a batch or the threads are refused before anything is written", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const output = `${root}/three`;
    const placement = { device: CPU, threads: 1 };
    await assertRejects(
      () => trainGenerator({ ...options, output, placement, replicas: 2 }),
      RangeError,
      "Cannot train by 2 replicas on 1 thread: each takes one at least",
    );
    await assertRejects(
      () => trainGenerator({ ...options, output, replicas: 3 }),
      RangeError,
      "their number must divide the 4 images of a batch, found 3",
    );
    assertEquals(await ifThere(Deno.stat(output)), undefined);
  }));

/** A step of the smallest autoencoder, an image for each of two replicas. */
function tinyStep(precision: Precision) {
  const sizes = { config: autoencoderConfig(TINY), batchSize: 1, size: 16 };
  const target = { provider: "cpu", ranks: 2 } as const;
  return buildStage(
    autoencoderLoss({ ...sizes, reconstructionLoss: "l1", klWeight: 1e-6, target }),
    optimizationOf(TINY.autoencoder, precision),
  );
}

const placement = { device: CPU, threads: 2 };

Deno.test("replicas whose gradients overflow change nothing, and others do", async () => {
  const stage = tinyStep("float16");
  const initial = stage.initialize(0);
  using step = await openStageStep(stage.step, { placement, replicas: 2 }, { state: initial });
  const pixels = Uint8Array.from({ length: 2 * 16 * 16 * 3 }, (_, i) => i * 37 % 256);
  step.input("images", "uint8").write(tensor("uint8", [2, 16, 16, 3], pixels));
  const { shape } = stage.step.batch.find(({ name }) => name === "noise")!;
  const noise = zeros("float32", [2, ...shape.slice(1)]);
  step.input("noise", "float32").write(noise);
  const scalars = Object.fromEntries(stage.step.scalars.map(({ name }) => [name, 1e-3]));
  const state = () => new Map([...step.state].map(([name, value]) => [name, value.read()]));

  const scaled = (scale: number) => ({
    ...scalars,
    loss_scale: scale,
    inverse_loss_scale: 1 / scale,
  });
  const overflown = await step.run(scaled(2 ** 60));
  assertEquals([overflown.updated, overflown.measures], [false, {}]);
  assertEquals(state(), initial);

  const taken = await step.run(scaled(1));
  assert(taken.updated && taken.measures["gradient_norm"]! > 0);
  assertNotEquals(state(), initial);
});

Deno.test("replicas refuse a step that was built for another number of them", async () => {
  const stage = tinyStep("float32");
  await assertRejects(
    () =>
      openStageStep(stage.step, { placement: { device: CPU, threads: 3 }, replicas: 3 }, {
        state: stage.initialize(0),
      }),
    TypeError,
    "Cannot train by 3 replicas: the step must be built for as many ranks",
  );
});
