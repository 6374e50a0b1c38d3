import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Backbone } from "../../core/backbones/backbone.ts";
import { visionTransformer } from "../../core/backbones/vision_transformer.ts";
import { filled } from "../../core/engine/graph/tensor.ts";
import { sgd } from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import plugin from "../../plugins/dino/mod.ts";
import { graphOf as smallGraphOf, stepOf, writeViews } from "../core/train/small_methods.ts";
import {
  assertFollows,
  graphOf,
  readGolden,
  RUNS,
  train,
  type Trial,
  writeBatch,
} from "./fidelity.ts";
import { assertWeighsPairs } from "./pair_weights.ts";
import { presetGraphs } from "./preset_graphs.ts";

const dino = checkMethod(plugin, "dino");

/** What reference/dino_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly epochs: number;
  readonly outputs: number;
  readonly hiddenWidth: number;
  readonly width: number;
  readonly studentTemperature: number;
  readonly teacherTemperatures: readonly [from: number, to: number];
  readonly warmTemperatureEpochs: number;
  readonly centerMomentum: number;
  readonly freezeEpochs: number;
  readonly encoderMomentum: number;
  readonly learningRate: number;
  readonly minimumLearningRate: number;
  readonly weightDecays: readonly [from: number, to: number];
  readonly epsilon: number;
  readonly clipGradientNorm: number;
  readonly normalizeLastLayer: boolean;
}

/** The ViT of MoCo v3 that it also trained. */
interface ViTSettings extends Settings {
  readonly patch: number;
  readonly tokens: number;
  readonly depth: number;
  readonly heads: number;
}

const golden = await readGolden<Settings>("dino_resnet_steps");
const vit = await readGolden<ViTSettings>("dino_vit_steps");

/** A ViT of MoCo v3, whose patches and positions are never trained. */
const partlyFrozen: Backbone = {
  name: "small",
  width: vit.tokens,
  apply: (scope, images) =>
    visionTransformer(scope, images, {
      ...vit,
      width: vit.tokens,
      imageSize: vit.sizes[0]!,
      variant: "mocov3",
    }),
};

function trialOf(settings: Settings): Trial {
  const { outputs, hiddenWidth, width, studentTemperature, centerMomentum, freezeEpochs } =
    settings;
  const { epochs, learningRate, minimumLearningRate, epsilon, clipGradientNorm } = settings;
  const { normalizeLastLayer } = settings;
  const [coldest, warmest] = settings.teacherTemperatures;
  const [least, most] = settings.weightDecays;
  return {
    method: dino,
    options: {
      outputs,
      hiddenWidth,
      width,
      studentTemperature,
      centerMomentum,
      freezeEpochs,
      normalizeLastLayer,
    },
    configuration: {
      optimizer: "adamw",
      epochs,
      learningRate,
      minimumLearningRate,
      epsilon,
      clipGradientNorm,
      clipGradientPer: "parameter",
      weightDecay: { from: least, to: most },
      parameterRules: ["bias", "bn", "norm", "downsample.1"].map((pattern) => ({
        pattern,
        weightDecayScale: 0,
      })),
      scheduled: {
        encoderMomentum: { from: settings.encoderMomentum, to: 1 },
        teacherTemperature: {
          from: coldest,
          to: warmest,
          kind: "linear",
          epochs: settings.warmTemperatureEpochs,
          per: "epoch",
        },
      },
    },
    adjust(weights) {
      if (normalizeLastLayer) return;
      const scale = filled("float32", [outputs, 1], 1);
      for (const role of ["", "momentum_encoder."]) {
        weights.set(`${role}last_layer.fc0.weight_g`, scale);
      }
    },
  };
}

for (const run of RUNS) {
  Deno.test(`DINO on a ResNet follows PyTorch for 20 steps with crops of two sizes, ${run}, in every loss, final tensor, teacher and centre`, async () => {
    await assertFollows(golden, trialOf(golden), run);
  });

  Deno.test(`DINO on a partly frozen ViT follows PyTorch for 20 steps with crops of two sizes, ${run}, in every loss, final tensor, teacher and centre`, async () => {
    await assertFollows(vit, { ...trialOf(vit), backbone: partlyFrozen }, run);
  });
}

Deno.test("DINO by micro-batches follows the whole batch's PyTorch, where no batch norm tells them apart", async () => {
  const trial = { ...trialOf(vit), backbone: partlyFrozen, deviceBatchSize: 4 };
  await assertFollows(vit, trial, "weighted");
});

Deno.test("DINO's presets are configurations of networks that there are", async () => {
  const graphs = await presetGraphs(dino);
  assertEquals([...graphs.keys()], ["imagenet", "cifar", "demo"]);
  const { graph } = graphs.get("imagenet")!;
  assertEquals(graph.views.map(({ shape }) => shape[2]), [224, 224, ...Array(8).fill(96)]);
});

Deno.test("DINO's last layer has unit rows, whether their scale learns later or never", async () => {
  const scalars = {
    learning_rate: 0,
    weight_decay: 0,
    average_rate: 0,
    epoch: 0,
    "scheduled.teacherTemperature": 0.04,
  };
  const losses = await Promise.all([true, false].map(async (normalizeLastLayer) => {
    const options = { outputs: 12, hiddenWidth: 16, width: 8, normalizeLastLayer };
    using step = await stepOf(smallGraphOf(dino, options));
    writeViews(step, "unit");
    return (await step.run(scalars)).loss;
  }));
  assertAlmostEquals(losses[0]!, losses[1]!, 1e-6);
});

Deno.test("DINO's teacher keeps what is frozen of a ViT, and follows the rest", async () => {
  const { initial, final } = await train(vit, { ...trialOf(vit), backbone: partlyFrozen }, "plain");
  const changed = (name: string) =>
    initial.get(name)!.data.some((value, i) => value !== final.get(name)!.data[i]);
  for (const role of ["", "momentum_encoder."]) {
    for (const name of ["patch_embed.proj.weight", "patch_embed.proj.bias", "pos_embed"]) {
      assert(!changed(`${role}backbone.${name}`), `${role}${name} must stay`);
    }
    for (const name of ["backbone.blocks.0.attn.qkv.weight", "last_layer.fc0.weight_v"]) {
      assert(changed(`${role}${name}`), `${role}${name} must change`);
    }
  }
});

Deno.test("DINO starts where it says, and its range of losses follows the number of outputs", async () => {
  const graph = graphOf(golden, trialOf(golden));
  const weights = initialWeights(graph, 1);
  using step = await TrainingStep.create(graph, { device: CPU, optimizer: sgd() }, weights);
  writeBatch(golden, step, { at: 0, weighted: false });
  const { loss } = await step.run({
    learning_rate: 0,
    weight_decay: 0,
    average_rate: 0,
    epoch: 0,
    "scheduled.teacherTemperature": 0.04,
  });
  const { random: [low, high], collapsed } = graph.lossRange!;
  assert(loss > low && loss < high, `the loss must be in [${low}, ${high}], found ${loss}`);
  assertAlmostEquals(collapsed, Math.log(golden.outputs), 1e-9);
});

Deno.test("DINO's projector starts from a truncated normal distribution, without offsets", () => {
  const graph = smallGraphOf(dino, { outputs: 12, hiddenWidth: 64, width: 32 });
  const weights = initialWeights(graph, 0);
  for (const layer of [0, 1, 2]) {
    assert(
      Array.from(weights.get(`projector.fc${layer}.bias`)!.data, Number).every((x) => x === 0),
    );
    const values = Array.from(weights.get(`projector.fc${layer}.weight`)!.data, Number);
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    assertAlmostEquals(Math.sqrt(variance), 0.02, 0.002);
  }
});

Deno.test("DINO weighs all terms of a sample alike, or each pair of views by its own weights", () =>
  assertWeighsPairs(dino, { outputs: 12, hiddenWidth: 16, width: 8, centerMomentum: 1 }, {
    epoch: 0,
    average_rate: 0,
    "scheduled.teacherTemperature": 0.04,
  }));

Deno.test("DINO refuses a single output, and a temperature of zero", () => {
  assertThrows(() => smallGraphOf(dino, { outputs: 1 }), TypeError, "outputs");
  assertThrows(
    () => smallGraphOf(dino, { studentTemperature: 0 }),
    TypeError,
    "studentTemperature",
  );
});
