import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sgd } from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import plugin from "../../plugins/vicreg/mod.ts";
import { graphOf as smallGraphOf } from "../core/train/small_methods.ts";
import {
  assertFollows,
  assertSeries,
  graphOf,
  readGolden,
  RUNS,
  type Trial,
  writeBatch,
} from "./fidelity.ts";
import { presetGraphs } from "./preset_graphs.ts";

const vicReg = checkMethod(plugin, "vicreg");

/** What reference/vicreg_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly expanderWidth: number;
  readonly expanderLayers: number;
  readonly invarianceWeight: number;
  readonly varianceWeight: number;
  readonly covarianceWeight: number;
  readonly learningRate: number;
  readonly vectorRateScale: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const golden = await readGolden<Settings>("vicreg_steps");

function trialOf(settings: Settings): Trial {
  const { expanderWidth, expanderLayers, invarianceWeight, varianceWeight, covarianceWeight } =
    settings;
  const { learningRate, momentum, weightDecay } = settings;
  return {
    method: vicReg,
    options: { expanderWidth, expanderLayers, invarianceWeight, varianceWeight, covarianceWeight },
    configuration: {
      optimizer: "lars",
      larsVariant: "moco-v3",
      learningRate,
      momentum,
      weightDecay,
      parameterRules: ["bias", "bn", "downsample.1"].map((pattern) => ({
        pattern,
        learningRateScale: settings.vectorRateScale,
      })),
    },
  };
}

for (const run of RUNS) {
  Deno.test(`VICReg follows PyTorch for 20 steps with views of two sizes, ${run}, in every loss, term and final tensor`, async () => {
    const { metrics } = await assertFollows(golden, trialOf(golden), run);
    for (const term of ["invariance", "variance", "covariance"]) {
      assertSeries(golden, run, term, metrics.map((step) => step[term]!));
    }
  });
}

Deno.test("VICReg's presets are configurations of networks that there are", async () => {
  const graphs = await presetGraphs(vicReg);
  assertEquals([...graphs.keys()], ["imagenet", "cifar", "demo"]);
});

Deno.test("VICReg starts where it says, and its range of losses follows the variance's weight", async () => {
  const graph = graphOf(golden, trialOf(golden));
  const weights = initialWeights(graph, 1);
  using step = await TrainingStep.create(graph, { device: CPU, optimizer: sgd() }, weights);
  writeBatch(golden, step, { at: 0, weighted: false });
  const { loss } = await step.run({ learning_rate: 0, weight_decay: 0 });
  const { random: [low, high], collapsed } = graph.lossRange!;
  assert(loss > low && loss < high, `the loss must be in [${low}, ${high}], found ${loss}`);
  assertAlmostEquals(collapsed, 0.99 * golden.varianceWeight, 1e-9);
});

Deno.test("VICReg refuses embeddings of one coordinate, which is correlated with no other", () => {
  assertThrows(() => smallGraphOf(vicReg, { expanderWidth: 1 }), TypeError, "expanderWidth");
});
