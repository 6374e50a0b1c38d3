import { assert, assertEquals, assertThrows } from "@std/assert";
import { float32, type Tensor, zeros } from "../../core/engine/graph/tensor.ts";
import { sgd } from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { countParameters } from "../../core/train/step/method_graph.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import plugin from "../../plugins/swav/mod.ts";
import { graphOf as smallGraphOf, stepOf, writeViews } from "../core/train/small_methods.ts";
import { assertFollows, graphOf, readGolden, RUNS, type Trial, writeBatch } from "./fidelity.ts";
import { assertWeighsPairs } from "./pair_weights.ts";
import { presetGraphs } from "./preset_graphs.ts";

const swav = checkMethod(plugin, "swav");

/** What reference/swav_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly epochs: number;
  readonly hiddenWidth: number;
  readonly width: number;
  readonly prototypes: number;
  readonly temperature: number;
  readonly epsilon: number;
  readonly iterations: number;
  readonly freezeIterations: number;
  readonly queueLength: number;
  readonly queueStartEpoch: number;
  readonly learningRate: number;
  readonly minimumLearningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const golden = await readGolden<Settings>("swav_steps");

/** Rows divided by their lengths. */
function unitRows({ shape, data }: Tensor): Tensor<"float32"> {
  const width = shape[1]!;
  const rows = Float32Array.from(data, Number);
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    row.forEach((x, i) => row[i] = x / length);
  }
  return { dtype: "float32", shape, data: rows };
}

function trialOf(settings: Settings): Trial {
  const { epochs, learningRate, minimumLearningRate, momentum, weightDecay } = settings;
  const { hiddenWidth, width, prototypes, temperature, epsilon, iterations } = settings;
  const { freezeIterations, queueLength, queueStartEpoch } = settings;
  return {
    method: swav,
    options: {
      hiddenWidth,
      width,
      prototypes,
      temperature,
      epsilon,
      iterations,
      freezeIterations,
      queueLength,
      queueStartEpoch,
    },
    configuration: {
      optimizer: "lars",
      epochs,
      learningRate,
      minimumLearningRate,
      momentum,
      weightDecay,
    },
    adjust(weights) {
      weights.set("prototypes.weight", unitRows(weights.get("prototypes.weight")!));
      for (const crop of [0, 1]) {
        weights.set(`queue.${crop}`, zeros("float32", [queueLength, width]));
      }
    },
  };
}

for (const run of RUNS) {
  Deno.test(`SwAV follows PyTorch for 20 steps with crops of two sizes, ${run}, in every loss, spread, final tensor and queue`, async () => {
    await assertFollows(golden, trialOf(golden), run);
  });
}

Deno.test("SwAV's presets are configurations of networks that there are, with the published number of parameters", async () => {
  const graphs = await presetGraphs(swav);
  assertEquals([...graphs.keys()], ["imagenet", "cifar", "demo"]);
  const { graph, configuration } = graphs.get("imagenet")!;
  assertEquals(countParameters(graph), 28_354_752);
  assertEquals(graph.views.map(({ shape }) => shape[2]), [224, 224, 96, 96, 96, 96, 96, 96]);
  assertEquals(configuration.options["queueLength"], 15 * configuration.batchSize);
  const width = (name: string) =>
    [...graph.scope.declarations.values()].filter((declaration) =>
      declaration.kind === "trainable" && declaration.name.startsWith(name)
    ).reduce((sum, { value }) => sum + value.shape.reduce((a, b) => a * b, 1), 0);
  assertEquals([width("backbone."), width("projector."), width("prototypes.")], [
    23_508_032,
    4_462_720,
    384_000,
  ]);
});

Deno.test("SwAV assigns with its own entropy and iterations, alone and along with a full queue", async () => {
  const lossOf = async (options: Readonly<Record<string, number>>, filled: number) => {
    const small = { hiddenWidth: 16, width: 8, prototypes: 12, queueLength: 16 };
    using step = await stepOf(smallGraphOf(swav, { ...small, ...options }));
    writeViews(step, "views");
    for (const view of [0, 1]) {
      step.weights.get(`queue.${view}_filled`)!.write(float32([], [filled]));
    }
    return (await step.run({ learning_rate: 0, weight_decay: 0, step: 0, epoch: 0 })).loss;
  };
  for (const filled of [0, 16]) {
    const usual = await lossOf({}, filled);
    for (const options of [{ epsilon: 0.5 }, { iterations: 1 }, { temperature: 0.5 }]) {
      const other = await lossOf(options, filled);
      assert(Math.abs(other - usual) > 1e-3, `${JSON.stringify(options)}: ${usual}, ${other}`);
    }
  }
});

Deno.test("SwAV refuses a queue that a batch does not fit into", () => {
  assertThrows(
    () => smallGraphOf(swav, { queueLength: 5 }),
    TypeError,
    "queueLength must be 0 or at least the batch size 8, found 5",
  );
});

Deno.test("SwAV refuses a single prototype, to which all would be assigned", () => {
  assertThrows(() => smallGraphOf(swav, { prototypes: 1 }), TypeError, "prototypes");
});

Deno.test("SwAV starts where it says, and its range of losses follows the number of prototypes", async () => {
  const graph = graphOf(golden, trialOf(golden));
  const weights = initialWeights(graph, 1);
  using step = await TrainingStep.create(graph, { device: CPU, optimizer: sgd() }, weights);
  writeBatch(golden, step, { at: 0, weighted: false });
  const { loss } = await step.run({ learning_rate: 0, weight_decay: 0, step: 0, epoch: 0 });
  const { random: [low, high], collapsed } = graph.lossRange!;
  assert(loss > low && loss < high, `the loss must be in [${low}, ${high}], found ${loss}`);
  assertEquals(collapsed, Math.log(golden.prototypes));
});

Deno.test("SwAV weighs all terms of a sample alike, or each pair of views by its own weights", () =>
  assertWeighsPairs(swav, { hiddenWidth: 16, width: 8, prototypes: 12 }, { step: 0 }));
