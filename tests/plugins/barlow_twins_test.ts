import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sgd } from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import plugin from "../../plugins/barlow-twins/mod.ts";
import { graphOf as smallGraphOf, stepOf, writeViews } from "../core/train/small_methods.ts";
import { assertFollows, graphOf, readGolden, RUNS, type Trial, writeBatch } from "./fidelity.ts";
import { assertPairsAddUp } from "./pair_weights.ts";
import { presetGraphs } from "./preset_graphs.ts";

const barlowTwins = checkMethod(plugin, "barlow-twins");

/** What reference/barlow_twins_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly projectorWidth: number;
  readonly projectorLayers: number;
  readonly redundancyWeight: number;
  readonly scale: number;
  readonly learningRate: number;
  readonly vectorRateScale: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const golden = await readGolden<Settings>("barlow_twins_steps");

function trialOf(settings: Settings): Trial {
  const { projectorWidth, projectorLayers, redundancyWeight, scale } = settings;
  const { learningRate, momentum, weightDecay } = settings;
  return {
    method: barlowTwins,
    options: { projectorWidth, projectorLayers, redundancyWeight, scale },
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
  Deno.test(`Barlow Twins follows PyTorch for 20 steps with views of two sizes, ${run}, in every loss and final tensor`, async () => {
    await assertFollows(golden, trialOf(golden), run);
  });
}

Deno.test("Barlow Twins' presets are configurations of networks that there are", async () => {
  const graphs = await presetGraphs(barlowTwins);
  assertEquals([...graphs.keys()], ["imagenet", "cifar", "demo"]);
});

Deno.test("Barlow Twins starts where it says, and its range of losses follows the embedding's width and the scale", async () => {
  const graph = graphOf(golden, trialOf(golden));
  const weights = initialWeights(graph, 1);
  using step = await TrainingStep.create(graph, { device: CPU, optimizer: sgd() }, weights);
  writeBatch(golden, step, { at: 0, weighted: false });
  const { loss } = await step.run({ learning_rate: 0, weight_decay: 0 });
  const { random: [low, high], collapsed } = graph.lossRange!;
  assert(loss > low && loss < high, `the loss must be in [${low}, ${high}], found ${loss}`);
  assertAlmostEquals(collapsed, golden.scale * golden.projectorWidth, 1e-9);
});

Deno.test("Barlow Twins' loss is symmetric in the views", async () => {
  const options = { projectorWidth: 16, projectorLayers: 2 };
  using step = await stepOf(smallGraphOf(barlowTwins, options));
  const losses: number[] = [];
  writeViews(step, "symmetry");
  const views = step.views.map((view) => view.read());
  for (const order of [[0, 1], [1, 0]]) {
    step.views.forEach((view, i) => view.write(views[order[i]!]!));
    losses.push((await step.run({ learning_rate: 0, weight_decay: 0 })).loss);
  }
  assertAlmostEquals(losses[0]!, losses[1]!, 1e-5);
});

Deno.test("Barlow Twins refuses embeddings of one coordinate, which is correlated with no other", () => {
  assertThrows(() => smallGraphOf(barlowTwins, { projectorWidth: 1 }), TypeError, "projectorWidth");
});

Deno.test("Barlow Twins weighs each pair of three views by its own weights, also where they are all 0", () =>
  assertPairsAddUp(barlowTwins, { projectorWidth: 16 }, {}));
