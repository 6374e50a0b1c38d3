import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { withAverages } from "../../../../core/unclip/training/built_stage.ts";
import {
  declareAutoencoder,
  declareUnet,
} from "../../../../core/unclip/training/generator_networks.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { TrainingError } from "../../../../core/train/run/run_guard.ts";
import type { GeneratorConfiguration } from "../../../../core/unclip/training/generator_configuration.ts";
import type { StageOutcome } from "../../../../core/unclip/training/stage_run.ts";
import {
  autoencoderConfig,
  trainAutoencoder,
} from "../../../../core/unclip/training/train_autoencoder.ts";
import { trainUnet, unetPlan } from "../../../../core/unclip/training/train_unet.ts";
import { loadNewestCheckpoint } from "../../../../core/weights/checkpoint/newest.ts";
import { inFolder } from "../../../in_folder.ts";
import { hashedParameter, hashedParameters } from "../../engine/nn/hashed_values.ts";
import { relativeError } from "../../engine/nn/relative_error.ts";
import { EMBEDDING_WIDTH, ENCODED_NOISE } from "./encoded_noise.ts";
import { tenEmoji, TINY } from "./tiny_generator.ts";

const dataset = await tenEmoji();

/** Trains a stage in a folder. */
type Train = (
  folder: string,
  configuration: GeneratorConfiguration,
  checkpointMinutes?: number,
) => Promise<StageOutcome>;

/** Parameters by hashed values: by those that training draws, the last maps are zeros, and what comes before shows in no loss. */
function hashedState(declare: (scope: Scope) => void): ReadonlyMap<string, Tensor> {
  const scope = new Scope();
  declare(scope);
  return withAverages(new Map(Object.entries(hashedParameters(scope))));
}

const STAGES: Readonly<Record<"autoencoder" | "unet", Train>> = {
  autoencoder: (folder, configuration, checkpointMinutes = 5) =>
    trainAutoencoder(folder, dataset, {
      ...{ configuration, checkpointMinutes, placement: { device: CPU, threads: 1 } },
      initial: hashedState((scope) => declareAutoencoder(scope, autoencoderConfig(configuration))),
    }),
  unet: (folder, configuration, checkpointMinutes = 5) => {
    const plan = unetPlan(configuration, EMBEDDING_WIDTH);
    return trainUnet(folder, ENCODED_NOISE, plan, {
      ...{ configuration, checkpointMinutes, placement: { device: CPU, threads: 1 } },
      initial: hashedState((scope) => declareUnet(scope, plan.config)),
    });
  },
};

/**
 * Largest relative differences of a loss, and of how far all parameters together have moved; Adam moves those without a gradient,
 * such as the biases of keys, by rounding alone.
 */
const LARGEST = { bfloat16: [2e-3, 0.1], float16: [2e-3, 0.1] } as const;

/** How far the averages of all parameters have moved from hashed values. */
function movementOf({ averages }: StageOutcome): number[] {
  return [...averages].flatMap(([name, { dtype, shape, data }]) => {
    assertEquals(dtype, "float32");
    const initial = hashedParameter(name, shape).data;
    return Array.from(data, Number).map((value, i) => value - initial[i]!);
  });
}

for (const [name, train] of Object.entries(STAGES)) {
  Deno.test(`the ${name} in float16 and bfloat16 follows that in float32`, () =>
    inFolder(async (root) => {
      const run = async (precision: GeneratorConfiguration["precision"]) => {
        const outcome = await train(`${root}/${precision}`, { ...TINY, precision });
        assert(outcome.finished);
        const steps = await readJsonLines(`${root}/${precision}/steps.jsonl`);
        return { moved: movementOf(outcome), steps };
      };
      const wanted = await run("float32");
      for (const [precision, [ofLosses, ofAverages]] of Object.entries(LARGEST)) {
        const { moved, steps } = await run(precision as keyof typeof LARGEST);
        assertEquals(steps.length, 5);
        steps.forEach(({ loss, skippedSteps = 0 }, i) => {
          assertEquals(skippedSteps, 0);
          const error = Math.abs(Number(loss) / Number(wanted.steps[i]!["loss"]) - 1);
          assert(error <= ofLosses, `${precision}: the loss of step ${i + 1} differs by ${error}`);
        });
        assert(steps.some(({ loss }, i) => loss !== wanted.steps[i]!["loss"]), precision);
        const error = relativeError(moved, wanted.moved);
        assert(error <= ofAverages, `${precision}: the movement differs by ${error}`);
      }
    }));

  Deno.test(`the ${name} is stopped by a loss that is not finite, and what was good is kept`, () =>
    inFolder(async (root) => {
      const part = { ...TINY[name as keyof typeof STAGES], learningRate: 1e30, warmupSteps: 0 };
      await assertRejects(
        () => train(`${root}/run`, { ...TINY, [name]: part }, 0),
        TrainingError,
        `Cannot continue the training of the ${name} after step 2: the loss is`,
      );
      const { checkpoint } = (await loadNewestCheckpoint(`${root}/run/checkpoints`))!;
      assertEquals(checkpoint.state.step, 1);
    }));
}
