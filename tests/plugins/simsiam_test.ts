import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import { sgd } from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { uniformSpread } from "../../core/train/step/embedding_spread.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import plugin from "../../plugins/simsiam/mod.ts";
import { graphOf as smallGraphOf, stepOf, writeViews } from "../core/train/small_methods.ts";
import {
  assertFollows,
  graphOf,
  readGolden,
  RUNS,
  tieToTranspose,
  type Trial,
  writeBatch,
} from "./fidelity.ts";

const simsiam = checkMethod(plugin, "simsiam");

/** What reference/simsiam_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly projectorWidth: number;
  readonly projectorLayers: number;
  readonly predictorWidth: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const golden = await readGolden<Settings>("simsiam_steps");

function trialOf(
  { projectorWidth, projectorLayers, predictorWidth, learningRate, momentum, weightDecay }:
    Settings,
): Trial {
  return {
    method: simsiam,
    options: { projectorWidth, projectorLayers, predictorWidth },
    configuration: {
      learningRate,
      momentum,
      weightDecay,
      parameterRules: [{ pattern: "predictor", fixedLearningRate: true }],
    },
    adjust: (weights) => tieToTranspose(weights, "predictor.fc1.weight", "predictor.fc0.weight"),
  };
}

for (const run of RUNS) {
  Deno.test(`SimSiam follows PyTorch for 20 steps, ${run}, in every loss, spread and final tensor`, async () => {
    await assertFollows(golden, trialOf(golden), run);
  });
}

Deno.test("SimSiam starts where its manifest says, with embeddings spread evenly", async () => {
  const graph = graphOf(golden, trialOf(golden));
  const weights = initialWeights(graph, 1);
  using step = await TrainingStep.create(graph, { device: CPU, optimizer: sgd() }, weights);
  writeBatch(golden, step, { at: 0, weighted: false });
  const { loss, spread } = await step.run({ learning_rate: 0, weight_decay: 0 });
  const [low, high] = simsiam.manifest.lossRange!.random;
  assert(loss > low && loss < high, `the loss must be in [${low}, ${high}], found ${loss}`);
  assertAlmostEquals(spread / uniformSpread(golden.projectorWidth), 1, 0.05);
});

Deno.test("SimSiam's presets are configurations of networks that there are", () => {
  for (const name of Object.keys(simsiam.manifest.presets)) {
    const configuration = resolveConfiguration(presetOf(simsiam.manifest, name));
    const { backbone: network, stem, zeroInitResidual, imageSize, options } = configuration;
    const graph = buildMethodGraph(simsiam, {
      backbone: backbone(network, { stem, zeroInitResidual }),
      viewSizes: [imageSize, imageSize],
      batchSize: 2,
      options,
    });
    assertEquals(graph.loss.shape, [], name);
    const rules = configuration.parameterRules.map(({ pattern }) => pattern);
    assertEquals(rules, ["predictor"], name);
  }
});

Deno.test("SimSiam takes two views", () => {
  for (const count of [1, 3]) {
    assertThrows(
      () =>
        buildMethodGraph(simsiam, {
          backbone: backbone("resnet18", { stem: "small" }),
          viewSizes: new Array<number>(count).fill(16),
          batchSize: 2,
        }),
      TypeError,
      `Cannot build method "simsiam": it takes 2 views, found ${count}; choose other --views`,
    );
  }
});

Deno.test("SimSiam's loss is symmetric in the views", async () => {
  using step = await stepOf(smallGraphOf(simsiam, { projectorWidth: 16, predictorWidth: 8 }));
  const losses: number[] = [];
  writeViews(step, "symmetry");
  const views = step.views.map((view) => view.read());
  for (const order of [[0, 1], [1, 0]]) {
    step.views.forEach((view, i) => view.write(views[order[i]!]!));
    losses.push((await step.run({ learning_rate: 0, weight_decay: 0 })).loss);
  }
  assertAlmostEquals(losses[0]!, losses[1]!, 1e-6);
});
