/**
 * The optimization recipes of the published methods, those of the experiments that come with the SDK first, against what their schedules give in
 * mmengine's closed forms.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { bundledConfigurations } from "../../../../configs/mod.ts";
import { backbone } from "../../../../core/backbones/registry.ts";
import { groupParameters } from "../../../../core/engine/optim/mod.ts";
import { readConfiguration } from "../../../../core/method/read_configuration.ts";
import { checkMethod } from "../../../../core/method/load.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../../core/method/resolve_configuration.ts";
import { optimizerOf, runSchedules } from "../../../../core/train/run/run_schedules.ts";
import { buildMethodGraph } from "../../../../core/train/step/method_graph.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";

/** Images of ImageNet's training set. */
const IMAGES = 1281167;

/** A scalar at steps of a run, `[epoch, step in the epoch, value]`. */
type Course = readonly (readonly [epoch: number, step: number, value: number])[];

interface Recipe {
  readonly configuration: PartialConfiguration;
  readonly optimizer: string;
  readonly expected: Readonly<Record<string, Course>>;
}

/** An experiment that comes with the SDK. */
async function experiment(name: string): Promise<PartialConfiguration> {
  return (await readConfiguration(name, bundledConfigurations)).configuration;
}

const noDecayOfVectors = ["downsample.1", "bias", "bn"].map((pattern) => ({
  pattern,
  weightDecayScale: 0,
  excludeFromLars: true,
}));

const RECIPES: Readonly<Record<string, Recipe>> = {
  "SimSiam": {
    configuration: await experiment("simsiam_resnet50_8xb32-coslr-200e_in1k"),
    optimizer: "sgd",
    expected: {
      learning_rate: [[0, 0, 0.05], [0, 5003, 0.05], [1, 0, 0.04999692], [100, 0, 0.025], [
        199,
        0,
        3.084188e-6,
      ]],
      fixed_learning_rate: [[199, 0, 0.05]],
    },
  },
  "MoCo v2": {
    configuration: await experiment("mocov2_resnet50_8xb32-coslr-200e_in1k"),
    optimizer: "sgd",
    expected: {
      learning_rate: [[0, 0, 0.03], [100, 3, 0.015]],
      average_rate: [[0, 0, 0.001], [199, 5003, 0.001]],
      weight_decay: [[0, 0, 1e-4]],
    },
  },
  "MoCo v3 on ResNet-50": {
    configuration: await experiment("mocov3_resnet50_8xb512-amp-coslr-100e_in1k"),
    optimizer: "lars",
    expected: {
      learning_rate: [
        [0, 0, 9.6e-4],
        [0, 1, 0.0040376],
        [0, 311, 0.95809416],
        [5, 0, 4.8020188],
        [9, 311, 9.6],
        [10, 0, 9.6],
        [55, 0, 4.8],
        [99, 311, 3.0041166e-8],
      ],
      average_rate: [[49, 311, 0.005], [99, 311, 0]],
    },
  },
  "MoCo v3 on a ViT": {
    configuration: await experiment("mocov3_vit-base-p16_16xb256-amp-coslr-300e_in1k"),
    optimizer: "adamw",
    expected: {
      learning_rate: [[0, 0, 2.4e-7], [39, 311, 2.4e-3], [40, 0, 2.4e-3], [170, 0, 1.2e-3]],
      weight_decay: [[0, 0, 0.1], [299, 0, 0.1]],
    },
  },
  "BYOL": {
    configuration: await experiment("byol_resnet50_16xb256-coslr-200e_in1k"),
    optimizer: "lars",
    expected: {
      learning_rate: [
        [0, 0, 4.8e-4],
        [9, 311, 4.8],
        [10, 0, 4.8],
        [10, 311, 4.8],
        [105, 0, 2.4],
        [105, 311, 2.4],
        [199, 0, 3.2806802e-4],
      ],
    },
  },
  "SwAV at batch 256": {
    configuration: await experiment("swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px"),
    optimizer: "lars",
    expected: {
      learning_rate: [[0, 0, 0.6], [100, 0, 0.3003], [199, 5003, 6e-4]],
    },
  },
  "SwAV at batch 4096": {
    configuration: {
      ...{ epochs: 200, batchSize: 4096, baseBatchSize: 4096, optimizer: "lars" },
      ...{ learningRate: 4.8, minimumLearningRate: 4.8e-3, weightDecay: 1e-6 },
      ...{ schedulePer: "iteration", warmupEpochs: 10, warmupStartFactor: 0.0625 },
    },
    optimizer: "lars",
    expected: {
      learning_rate: [[0, 0, 0.3], [9, 311, 4.8], [10, 0, 4.8], [105, 0, 2.4024]],
    },
  },
  "DINO": {
    configuration: {
      ...{ epochs: 100, batchSize: 1024, baseBatchSize: 256, optimizer: "adamw" },
      ...{ learningRate: 5e-4, minimumLearningRate: 2.5e-7, schedulePer: "iteration" },
      ...{ warmupEpochs: 10, warmupStartFactor: 0, weightDecay: { from: 0.04, to: 0.4 } },
      scheduled: {
        encoderMomentum: { from: 0.996, to: 1 },
        teacherTemperature: { from: 0.04, to: 0.07, kind: "linear", epochs: 30, per: "epoch" },
      },
    },
    optimizer: "adamw",
    expected: {
      learning_rate: [[0, 0, 0], [9, 1250, 2e-3], [10, 0, 2e-3], [55, 0, 1.0005e-3]],
      weight_decay: [[0, 0, 0.04], [50, 0, 0.22]],
      "scheduled.teacherTemperature": [[0, 0, 0.04], [28, 0, 0.068965517], [29, 0, 0.07], [
        99,
        0,
        0.07,
      ]],
      step: [[0, 0, 0], [99, 3, 99 * 1251 + 3]],
      epoch: [[0, 1250, 0], [1, 0, 1], [99, 3, 99]],
    },
  },
};

for (const [name, { configuration, optimizer, expected }] of Object.entries(RECIPES)) {
  Deno.test(`runSchedules() gives what is published for ${name}`, () => {
    const resolved = resolveConfiguration(configuration);
    const stepsPerEpoch = Math.floor(IMAGES / resolved.batchSize);
    const totalSteps = stepsPerEpoch * resolved.epochs;
    const rates = runSchedules(resolved, { totalSteps, stepsPerEpoch });
    assertEquals(optimizerOf(resolved).name, optimizer);
    for (const [scalar, course] of Object.entries(expected)) {
      for (const [epoch, step, value] of course) {
        const found = rates(epoch * stepsPerEpoch + step)[scalar]!;
        const tolerance = Math.max(1e-12, 5e-6 * Math.abs(value));
        assertAlmostEquals(found, value, tolerance, `${scalar} of epoch ${epoch}, step ${step}`);
      }
    }
  });
}

Deno.test("the rules of MoCo v3 and BYOL take every normalisation and bias of backbone and heads", () => {
  const { scope } = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
    backbone: backbone("resnet50"),
    viewSizes: [32, 32],
    batchSize: 4,
    options: { projectorWidth: 16, predictorWidth: 8 },
  });
  const trained = [...scope.declarations.values()].filter(({ kind }) => kind === "trainable");
  const { rules, warnings } = groupParameters(trained.map(({ name }) => name), noDecayOfVectors);
  assertEquals(warnings, []);
  assertEquals(
    [...rules.keys()].sort(),
    trained.filter(({ value }) => value.rank === 1).map(({ name }) => name).sort(),
  );
  const found = [...rules].map(([name, { pattern }]) => `${name}: ${pattern}`);
  for (
    const expected of [
      "backbone.layer1.0.downsample.1.weight: downsample.1",
      "backbone.bn1.weight: bn",
      "projector.bn0.weight: bn",
      "projector.bn0.bias: bias",
      "predictor.fc1.bias: bias",
    ]
  ) assertEquals(found.includes(expected), true, expected);
});
