import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import type { GeneratorConfiguration } from "../../../../core/unclip/training/generator_configuration.ts";
import { averagesIn, withAverages } from "../../../../core/unclip/training/built_stage.ts";
import { withPlainLabels } from "../../../../core/unclip/training/class_embedding.ts";
import { drawTimestep, trainUnet, unetPlan } from "../../../../core/unclip/training/train_unet.ts";
import { loadNewestCheckpoint } from "../../../../core/weights/checkpoint/newest.ts";
import { inFolder } from "../../../in_folder.ts";
import { EMBEDDING_WIDTH, ENCODED_NOISE } from "./encoded_noise.ts";
import { TINY } from "./tiny_generator.ts";

/** Embeddings whose mean is larger than what they differ by. */
const statistics = { ...ENCODED_NOISE.statistics, mean: new Float32Array(EMBEDDING_WIDTH).fill(2) };

/** Trains a UNet for three steps: its last maps begin as zeros, so that embeddings show in the third loss, and not before. */
async function train(
  folder: string,
  learningRate: number,
  initial?: ReadonlyMap<string, Tensor>,
  { standardized, ...changes }: Partial<GeneratorConfiguration["unet"]> & {
    readonly standardized?: boolean;
  } = {},
) {
  const unet = { ...TINY.unet, steps: 3, learningRate, warmupSteps: 0, ...changes };
  const configuration = { ...TINY, unet };
  let measured: ReadonlyMap<string, Tensor> | undefined;
  const run = () =>
    trainUnet(folder, { ...ENCODED_NOISE, statistics }, unetPlan(configuration, EMBEDDING_WIDTH), {
      ...{ configuration, checkpointMinutes: 5, placement: { device: CPU, threads: 1 } },
      ...(initial && { initial: withAverages(initial) }),
      ...(standardized !== undefined && { standardized }),
      measure: (tensors) => {
        measured = tensors;
        return Promise.resolve({ metrics: {} });
      },
    });
  const { averages } = await run();
  const steps = await readJsonLines(`${folder}/steps.jsonl`);
  const { checkpoint } = (await loadNewestCheckpoint(`${folder}/checkpoints`))!;
  return {
    averages,
    measured,
    again: (await run()).averages,
    kept: averagesIn(checkpoint.model),
    firstLoss: Number(steps[0]!["loss"]),
    lastLoss: Number(steps[2]!["loss"]),
  };
}

Deno.test("trainUnet() gives a new UNet that takes embeddings as they are, and keeps one of standardised ones", () =>
  inFolder(async (root) => {
    const { averages, measured, again, kept } = await train(`${root}/new`, 0.05);
    assertEquals(averages, withPlainLabels(kept, statistics));
    assertNotEquals(averages, kept);
    assertEquals(measured, averages);
    assertEquals(again, averages);
  }));

Deno.test("trainUnet() gives a new UNet standardised embeddings, and one that is fine-tuned embeddings as they are or as it is asked to", () =>
  inFolder(async (root) => {
    const { lastLoss } = await train(`${root}/new`, 0.05);
    // Where no step changes anything, what was drawn is left.
    const drawn = await train(`${root}/drawn`, 0);
    const difference = async (
      name: string,
      initial: ReadonlyMap<string, Tensor>,
      changes?: { readonly standardized: boolean },
    ) => Math.abs((await train(`${root}/${name}`, 0.05, initial, changes)).lastLoss / lastLoss - 1);
    const same = await difference("plain", drawn.averages);
    assert(same < 1e-5, `the same function differs by ${same}`);
    assertEquals(await difference("asked", drawn.kept, { standardized: true }), 0);
    const other = await difference("standardized", drawn.kept);
    assert(other > 1e-4, `another function differs by ${other} alone`);
  }));

Deno.test("trainUnet() has stable targets where they are asked for, whose loss is smaller where there is almost only noise", () =>
  inFolder(async (root) => {
    const loss = async (name: string, stableTargets: boolean) => {
      const { firstLoss } = await train(`${root}/${name}`, 0, undefined, {
        stableTargets,
        timestepShift: 100,
      });
      return firstLoss;
    };
    const [stable, single] = [await loss("stable", true), await loss("single", false)];
    // The first loss is the mean square of the targets: here the velocity is almost the clean latents alone, and the mean of two
    // independent draws has half of their variance.
    assert(
      stable < 0.7 * single,
      `the first loss must fall by almost half, found ${stable / single}`,
    );
    assert(
      stable > 0.4 * single,
      `the first loss must fall by half at most, found ${stable / single}`,
    );
  }));

Deno.test("drawTimestep() shifts the odds of any share of the diffusion, by the closed form of their distribution", () => {
  const draws = 20000;
  // P(t < T x) = x / (s - (s - 1) x), the inverse of the shift.
  for (const shift of [1 / 3, 1, 3]) {
    const random = new RandomStream(0, "timesteps");
    const timesteps = Array.from({ length: draws }, () => drawTimestep(random, 1000, shift));
    for (const share of [0.1, 0.5, 0.9]) {
      const below = timesteps.filter((value) => value < 1000 * share).length / draws;
      // Five standard deviations of a proportion.
      assertAlmostEquals(below, share / (shift - (shift - 1) * share), 5 * 0.5 / Math.sqrt(draws));
    }
  }
});

Deno.test("drawTimestep() gives a timestep of the diffusion at any shift", () => {
  const last = 1 - 2 ** -53;
  for (const shift of [1e-300, 0.5, 7, 1e20, 1e300]) {
    for (const [share, least, most] of [[0, 0, 0], [last, 0, 999], [0.5, 0, 999]] as const) {
      const random = Object.assign(new RandomStream(0, "timesteps"), { uniform: () => share });
      const timestep = drawTimestep(random, 1000, shift);
      const isOne = Number.isInteger(timestep) && timestep >= least && timestep <= most;
      assert(isOne, `${timestep} at a share of ${share} and a shift of ${shift}`);
    }
  }
});
