import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { ifThere } from "../../../../core/files/if_there.ts";
import type { Precision } from "../../../../core/engine/precision/precision.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { buildStage, type BuiltStage } from "../../../../core/unclip/training/built_stage.ts";
import { autoencoderLoss } from "../../../../core/unclip/training/autoencoder_loss.ts";
import {
  checkReplicas,
  openStageStep,
  type StageStep,
} from "../../../../core/unclip/training/replicated_step.ts";
import { optimizationOf } from "../../../../core/unclip/training/stage_schedule.ts";
import { autoencoderConfig } from "../../../../core/unclip/training/train_autoencoder.ts";
import { trainGenerator } from "../../../../core/unclip/training/train_generator.ts";
import { loadNewestCheckpoint } from "../../../../core/weights/checkpoint/newest.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
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
    // No machine has so many cores.
    assertThrows(
      () => checkReplicas(1e5, { placement: { device: CPU }, replicas: 1e5 }),
      RangeError,
      "Cannot train by 100000 replicas on",
    );
  }));

/** A stage of the smallest autoencoder, of which each replica is given some images. */
function tinyStage(replicas: number, images: number, precision: Precision = "float32") {
  const sizes = { config: autoencoderConfig(TINY), batchSize: images, size: 16 };
  const target = { provider: "cpu", ranks: replicas } as const;
  return buildStage(
    autoencoderLoss({ ...sizes, reconstructionLoss: "l1", klWeight: 1e-6, target }),
    optimizationOf(TINY.autoencoder, precision),
  );
}

/** Opens a step of a stage, and writes a batch of hashed images and noise. */
async function openTiny(stage: BuiltStage, replicas: number, batchSize: number) {
  const sharing = { placement: { device: CPU, threads: replicas }, replicas };
  const step = await openStageStep(stage.step, sharing, { state: stage.initialize(0) });
  const pixels = Uint8Array.from({ length: batchSize * 16 * 16 * 3 }, (_, i) => i * 37 % 256);
  step.input("images", "uint8").write(tensor("uint8", [batchSize, 16, 16, 3], pixels));
  const [, ...each] = stage.step.batch.find(({ name }) => name === "noise")!.shape;
  const noise = hashedTensor("noise", [batchSize, ...each]);
  step.input("noise", "float32").write(noise);
  return { step, noise };
}

function scalarsOf({ step }: BuiltStage, given: Readonly<Record<string, number>> = {}) {
  return { ...Object.fromEntries(step.scalars.map(({ name }) => [name, 1e-3])), ...given };
}

const stateOf = ({ state }: StageStep) =>
  new Map([...state].map(([name, value]) => [name, value.read()]));

Deno.test("three replicas find the loss and the gradient of one", async () => {
  const [single, shared] = [tinyStage(1, 3), tinyStage(3, 1)];
  using alone = (await openTiny(single, 1, 3)).step;
  using joint = (await openTiny(shared, 3, 3)).step;
  const wanted = await alone.run(scalarsOf(single));
  const found = await joint.run(scalarsOf(shared));
  assertAlmostEquals(found.loss, wanted.loss, 1e-5 * wanted.loss);
  const [norm, expected] = [found, wanted].map(({ measures }) => measures["gradient_norm"]!);
  assertAlmostEquals(norm!, expected!, 1e-4 * expected!);
});

Deno.test("replicas change nothing where the loss of one of them is not finite", async () => {
  const stage = tinyStage(2, 1);
  const { step: opened, noise } = await openTiny(stage, 2, 2);
  using step = opened;
  const before = stateOf(step);
  noise.data.fill(NaN, noise.data.length / 2);
  step.input("noise", "float32").write(noise);
  const { updated, measures } = await step.run(scalarsOf(stage));
  assertEquals([updated, measures], [false, {}]);
  assertEquals(stateOf(step), before);
});

Deno.test("replicas whose scaled gradients overflow change nothing, and others do", async () => {
  const stage = tinyStage(2, 1, "float16");
  using step = (await openTiny(stage, 2, 2)).step;
  const before = stateOf(step);
  const scaled = (scale: number) =>
    scalarsOf(stage, { loss_scale: scale, inverse_loss_scale: 1 / scale });
  assertEquals((await step.run(scaled(2 ** 60))).updated, false);
  assertEquals(stateOf(step), before);
  assertEquals((await step.run(scaled(1))).updated, true);
  assertNotEquals(stateOf(step), before);
});

Deno.test("replicas refuse a step of another number of them, missing scalars and unknown inputs", async () => {
  const stage = tinyStage(2, 1);
  await assertRejects(
    () => openTiny(stage, 3, 3),
    TypeError,
    "Cannot train by 3 replicas: the step must be built for as many ranks",
  );
  using step = (await openTiny(stage, 2, 2)).step;
  await assertRejects(() => step.run({}), TypeError, "is missing");
  assertThrows(() => step.input("pictures", "uint8"), TypeError, 'Cannot write "pictures"');
});
