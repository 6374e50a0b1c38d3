import { assert, assertEquals } from "@std/assert";
import { backbone } from "../../../core/backbones/registry.ts";
import { IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { withTarget } from "../../../core/engine/graph/target.ts";
import { int64, type Tensor, tensor, zeros } from "../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { BoundStep } from "../../../core/engine/step/mod.ts";
import { fineTuningScalars } from "../../../core/evaluate/fine_tune.ts";
import { buildFineTuning } from "../../../core/evaluate/fine_tuning_graph.ts";
import { fineTuningRecipe } from "../../../core/evaluate/fine_tuning_recipes.ts";
import { deviceTuning } from "../../../core/train/step/conv_autotune.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedParameter, hashedTensor, sampledIndices } from "../engine/nn/hashed_values.ts";
import { euclideanNorm, relativeError } from "../engine/nn/relative_error.ts";

/** Largest relative error of a loss and of a final tensor. */
const TOLERANCE = 1e-3;

/** Largest relative error of the length of a tensor's change, in which PyTorch's own float32 is 0.02 off. */
const CHANGE_TOLERANCE = 0.02;

interface Golden {
  readonly steps: number;
  readonly batchSize: number;
  readonly size: number;
  readonly classes: number;
  readonly learningRate: number;
  readonly classifierLearningRate: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  readonly branchScale: number;
  readonly samples: number;
}

const path = new URL("../../../fixtures/golden/fine_tuning_steps", import.meta.url).pathname;

/** The reference's images of a step: coarse squares as bytes. */
function imagesOf({ batchSize, size }: Golden, step: number): Tensor<"uint8"> {
  const cells = size / 4;
  const coarse = hashedTensor(`images.${step}`, [batchSize, cells, cells, 3]).data;
  const shape = [batchSize, size, size, 3];
  const data = Uint8Array.from({ length: batchSize * size * size * 3 }, (_, at) => {
    const [channel, pixel] = [at % 3, Math.floor(at / 3)];
    const [column, row] = [pixel % size, Math.floor(pixel / size) % size];
    const image = Math.floor(pixel / (size * size));
    const cell = (image * cells + Math.floor(row / 4)) * cells + Math.floor(column / 4);
    return Math.floor((coarse[cell * 3 + channel]! + 1) * 128);
  });
  return tensor("uint8", shape, data);
}

function initialValue({ branchScale }: Golden, name: string, shape: readonly number[]): Tensor {
  if (name.endsWith("num_batches_tracked")) return int64([], [0]);
  if (name.endsWith("running_mean")) return zeros("float32", shape);
  if (name.endsWith("running_var")) {
    return tensor("float32", shape, new Float32Array(shape[0]!).fill(1));
  }
  // The reference's classifier has the names of its own module, its backbone those of the network.
  const value = hashedParameter(name, shape);
  const scale = /layer.*bn2\.weight/.test(name) ? branchScale : 1;
  return tensor("float32", shape, value.data.map((x) => x * scale));
}

Deno.test("fine-tuning follows PyTorch for 10 steps, in every loss and every final tensor", async () => {
  const golden: Golden = JSON.parse(await Deno.readTextFile(`${path}.json`));
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  const { steps, batchSize, size, classes } = golden;
  const { learningRate, classifierLearningRate, weightDecay, labelSmoothing } = golden;
  const recipe = {
    ...fineTuningRecipe("swav", 1),
    ...{ batchSize, learningRate, classifierLearningRate, weightDecay, labelSmoothing },
    course: { kind: "cosine" } as const,
  };
  const graph = withTarget(await deviceTuning({ device: CPU }), () =>
    buildFineTuning({
      backbone: backbone("resnet18", { stem: "small" }),
      normalize: IMAGENET_NORMALIZATION,
      ...{ batchSize, size, classes, recipe },
    }));
  const initial = new Map(
    graph.step.state.map(({ name, shape }) => [name, initialValue(golden, name, shape)]),
  );
  using step = await BoundStep.create(graph.step, { device: CPU }, { state: initial });
  const scalars = fineTuningScalars(recipe, {
    batchSize,
    totalSteps: steps,
    stepsPerEpoch: steps,
  });
  const expected = (name: string) => Array.from(tensors.get(name)!.data, Number);
  for (const [i, wanted] of expected("losses").entries()) {
    step.input("images", "uint8").write(imagesOf(golden, i));
    const labels = Array.from({ length: batchSize }, (_, row) => (row * 3 + i) % classes);
    step.input("labels", "int64").write(int64([batchSize], labels));
    const { loss } = await step.run(scalars(i));
    assert(
      Math.abs(loss / wanted - 1) < TOLERANCE,
      `the loss of step ${i} is ${loss}, not ${wanted}`,
    );
  }
  assertEquals(
    [...initial.keys()].sort(),
    [...tensors.keys()].flatMap((name) =>
      name.startsWith("value/") ? [name.slice("value/".length)] : []
    ).sort(),
  );
  for (const [name, before] of initial) {
    const after = Array.from(step.state.get(name)!.read().data, Number);
    if (name.endsWith("num_batches_tracked")) {
      assertEquals(after, [steps], name);
      continue;
    }
    const indices = sampledIndices(name, after.length, golden.samples);
    const error = relativeError(after, expected(`value/${name}`), indices);
    assert(error < TOLERANCE, `${name} differs from PyTorch's by ${error}`);
    const change = euclideanNorm(after.map((value, i) => value - Number(before.data[i]!)));
    const wanted = expected(`change/${name}`)[0]!;
    const off = Math.abs(change / wanted - 1);
    assert(off < CHANGE_TOLERANCE, `the change of ${name} differs from PyTorch's by ${off}`);
  }
});
