import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import { elementCount, type Shape } from "../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../core/engine/graph/tensor.ts";
import { withTarget } from "../../core/engine/graph/target.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import { checkMethod } from "../../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { deviceTuning } from "../../core/train/step/conv_autotune.ts";
import { uniformSpread } from "../../core/train/step/embedding_spread.ts";
import { buildMethodGraph, type MethodGraph } from "../../core/train/step/method_graph.ts";
import { optimizerOf, runSchedules } from "../../core/train/run/run_schedules.ts";
import { initialWeights, TrainingStep } from "../../core/train/step/training_step.ts";
import { readSafetensors } from "../../core/weights/safetensors.ts";
import plugin from "../../plugins/simsiam/mod.ts";
import { hashedParameter, hashedTensor, sampledIndices } from "../core/engine/nn/hashed_values.ts";
import { graphOf as smallGraphOf, stepOf, writeViews } from "../core/train/small_methods.ts";
import { euclideanNorm, relativeError } from "../core/engine/nn/relative_error.ts";

/** Largest relative error of a loss, a spread, a final tensor's norm and change, and norm of its difference. */
const TOLERANCE = 1e-3;

const simsiam = checkMethod(plugin, "simsiam");

/** What reference/simsiam_steps.py ran, and what came of it. */
interface Golden {
  readonly steps: number;
  readonly batchSize: number;
  readonly size: number;
  readonly projectorWidth: number;
  readonly projectorLayers: number;
  readonly predictorWidth: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly branchScale: number;
  readonly cell: number;
  readonly batches: number;
  readonly contrast: number;
  readonly noise: number;
  readonly samples: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function readGolden(): Promise<Golden> {
  const path = new URL("../../fixtures/golden/simsiam_steps", import.meta.url).pathname;
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  return { ...JSON.parse(await Deno.readTextFile(`${path}.json`)), tensors };
}

function graphOf(golden: Golden): MethodGraph {
  const { batchSize, size, projectorWidth, projectorLayers, predictorWidth } = golden;
  return buildMethodGraph(simsiam, {
    backbone: backbone("resnet18", { stem: "small" }),
    viewSizes: [size, size],
    batchSize,
    options: { projectorWidth, projectorLayers, predictorWidth },
  });
}

function configurationOf(
  { batchSize, learningRate, momentum, weightDecay }: Golden,
): Configuration {
  return resolveConfiguration({
    batchSize,
    learningRate,
    momentum,
    weightDecay,
    baseBatchSize: 0,
    schedulePer: "iteration",
    epochs: 1,
    parameterRules: [{ pattern: "predictor", fixedLearningRate: true }],
  });
}

/**
 * Hashed parameters and fresh statistics; the scales at the ends of residual branches are weakened, and the predictor's
 * second linear is the first one's transpose.
 */
function goldenWeights({ scope }: MethodGraph, { branchScale }: Golden): Map<string, Tensor> {
  const weights = scope.initialize(0);
  for (const { name, kind, value } of scope.declarations.values()) {
    if (kind !== "trainable") continue;
    const parameter = hashedParameter(name, value.shape);
    if (/layer.*bn2\.weight/.test(name)) {
      parameter.data.forEach((scale, i) => parameter.data[i] = branchScale * scale);
    }
    weights.set(name, parameter);
  }
  const first = weights.get("predictor.fc0.weight") as Tensor<"float32">;
  const [height, width] = first.shape as [number, number];
  const turned = first.data.map((_, i) => first.data[i % height * width + Math.floor(i / height)]!);
  return weights.set("predictor.fc1.weight", tensor("float32", [width, height], turned));
}

/** A view of a step's batch: coarse images that both views share, and noise of its own. */
function goldenView(golden: Golden, step: number, view: number, shape: Shape): Tensor<"float32"> {
  const { size, cell, batches, contrast, noise } = golden;
  const cells = size / cell;
  const coarse = hashedTensor(`images.${step % batches}`, [shape[0]!, 3, cells, cells]).data;
  const own = hashedTensor(`noise.${step}.${view}`, shape).data;
  const pixels = Float32Array.from({ length: elementCount(shape) }, (_, at) => {
    const plane = Math.floor(at / (size * size));
    const row = Math.floor(Math.floor(at / size) % size / cell);
    const column = Math.floor(at % size / cell);
    return contrast * coarse[(plane * cells + row) * cells + column]! + noise * own[at]!;
  });
  return tensor("float32", shape, pixels);
}

interface Trained {
  readonly losses: number[];
  readonly spreads: number[];
  readonly initial: ReadonlyMap<string, Tensor>;
  readonly final: ReadonlyMap<string, Tensor>;
}

/** Takes the golden's steps with the formulations of convolutions that a training run takes here. */
async function train(golden: Golden): Promise<Trained> {
  const tuning = await deviceTuning({ device: CPU });
  const graph = withTarget(tuning, () => graphOf(golden));
  const configuration = configurationOf(golden);
  const scalars = runSchedules(configuration, {
    totalSteps: golden.steps,
    stepsPerEpoch: golden.steps,
  });
  const initial = goldenWeights(graph, golden);
  using step = await TrainingStep.create(graph, {
    device: CPU,
    optimizer: optimizerOf(configuration),
    rules: configuration.parameterRules,
  }, initial);
  const losses: number[] = [];
  const spreads: number[] = [];
  for (let i = 0; i < golden.steps; i++) {
    step.views.forEach((view, v) => view.write(goldenView(golden, i, v, view.type.shape)));
    const { loss, spread } = await step.run(scalars(i));
    losses.push(loss);
    spreads.push(spread);
  }
  const final = new Map([...step.weights].map(([name, value]) => [name, value.read()]));
  return { losses, spreads, initial, final };
}

function numbersOf({ data }: Tensor): number[] {
  return Array.from(data, Number);
}

function assertClose(what: string, error: number): void {
  assert(error <= TOLERANCE, `${what} differs from PyTorch's by ${error}`);
}

/** Compares a final tensor's samples, its norm, and the norm of what has changed since the start. */
function assertFollows(golden: Golden, name: string, { initial, final }: Trained): void {
  const [before, after] = [numbersOf(initial.get(name)!), numbersOf(final.get(name)!)];
  const wanted = numbersOf(golden.tensors.get(`value/${name}`)!);
  if (name.endsWith("num_batches_tracked")) {
    assertEquals(after, wanted, name);
    return;
  }
  const indices = sampledIndices(name, after.length, golden.samples);
  if (name === "predictor.bn0.running_mean") {
    // Zero but for rounding, as what comes in has mean zero: it is small beside the deviation.
    const variance = numbersOf(final.get("predictor.bn0.running_var")!);
    assert(euclideanNorm(after) < 1e-5 * Math.sqrt(euclideanNorm(variance)), name);
    return;
  }
  const relative = (found: number, expected: number) => Math.abs(found - expected) / expected;
  const norm = (prefix: string) => Number(golden.tensors.get(`${prefix}/${name}`)!.data[0]);
  const changed = euclideanNorm(after.map((value, i) => value - before[i]!));
  assertClose(name, relativeError(after, wanted, indices));
  assertClose(`the norm of ${name}`, relative(euclideanNorm(after), norm("norm")));
  assertClose(`the change of ${name}`, relative(changed, norm("change")));
}

Deno.test("SimSiam follows PyTorch for 20 steps, in every loss and every final tensor", async () => {
  const golden = await readGolden();
  const trained = await train(golden);
  const expected = (name: string) => numbersOf(golden.tensors.get(name)!);
  expected("losses").forEach((loss, i) => {
    assertClose(`the loss of step ${i}`, Math.abs(trained.losses[i]! / loss - 1));
  });
  expected("spreads").forEach((spread, i) => {
    assertClose(`the spread of step ${i}`, Math.abs(trained.spreads[i]! / spread - 1));
  });
  const names = [...golden.tensors.keys()].filter((name) => name.startsWith("value/"))
    .map((name) => name.slice("value/".length));
  assertEquals([...trained.final.keys()].sort(), names.sort());
  for (const name of names) assertFollows(golden, name, trained);
});

Deno.test("SimSiam starts where its manifest says, with embeddings spread evenly", async () => {
  const golden = await readGolden();
  const graph = graphOf(golden);
  using step = await TrainingStep.create(graph, {
    device: CPU,
    optimizer: optimizerOf(configurationOf(golden)),
  }, initialWeights(graph, 1));
  step.views.forEach((view, v) => view.write(goldenView(golden, 0, v, view.type.shape)));
  const { loss, spread } = await step.run({ learning_rate: 0, weight_decay: 0 });
  const [low, high] = simsiam.manifest.lossRange.random;
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
