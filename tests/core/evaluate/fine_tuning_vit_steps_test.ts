import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { visionTransformer } from "../../../core/backbones/vision_transformer.ts";
import { IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { int64, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { BoundStep } from "../../../core/engine/step/mod.ts";
import { dropPathName } from "../../../core/evaluate/drop_path.ts";
import { fineTuningScalars } from "../../../core/evaluate/fine_tune.ts";
import { averageName, buildFineTuning } from "../../../core/evaluate/fine_tuning_graph.ts";
import { fineTuningRecipe } from "../../../core/evaluate/fine_tuning_recipes.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedParameter, hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";

/** Largest relative error of a loss, a final weight and its moving average. */
const TOLERANCE = 1e-3;

/** Biases of keys have no gradient but rounding, of which AdamW makes whole steps: PyTorch's float32 is 1e-3 off. */
const KEY_BIAS_TOLERANCE = 1e-2;

const path = new URL("../../../fixtures/golden/fine_tuning_vit_steps", import.meta.url).pathname;

type Golden = Readonly<
  Record<
    | ("steps" | "batchSize" | "size" | "classes" | "patch" | "width" | "depth" | "heads")
    | ("learningRate" | "end" | "warmUpSteps" | "startFactor" | "weightDecay")
    | ("labelSmoothing" | "clipGradientNorm" | "averageRate"),
    number
  >
>;

/** The reference's images of a step. */
function imagesOf({ batchSize, size }: Golden, step: number): Tensor<"uint8"> {
  const shape = [batchSize, size, size, 3];
  const { data } = hashedTensor(`images.${step}`, shape);
  return tensor("uint8", shape, Uint8Array.from(data, (value) => (value + 1) * 128));
}

/** The reference's mask of a step: one share, or a rectangle. */
function maskOf({ size }: Golden, step: number): Tensor<"float32"> {
  const mask = new Float32Array(size * size).fill(step % 2 === 0 ? 0.9 - 0.05 * step : 1);
  if (step % 2 === 1) {
    for (let row = 4; row < 10; row++) mask.fill(0, row * size + 2, row * size + 5 + step);
  }
  return tensor("float32", [size, size], mask);
}

Deno.test("mmpretrain's ViT recipe follows PyTorch for 10 steps: mixing, smoothing, drop path, clipping, decay, warm-up, average", async () => {
  const golden: Golden = JSON.parse(await Deno.readTextFile(`${path}.json`));
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  const { steps, batchSize, size, classes, width, learningRate, end, startFactor } = golden;
  const backbone: Backbone = {
    name: "small",
    width,
    apply: (scope, images) => visionTransformer(scope, images, golden),
  };
  const recipe = {
    ...fineTuningRecipe("vit", 1),
    ...{ batchSize, learningRate, classifierLearningRate: learningRate },
    ...{ clipGradientNorm: golden.clipGradientNorm, averageRate: golden.averageRate },
    weightDecay: golden.weightDecay,
    course: {
      kind: "cosine",
      end,
      warmup: { epochs: golden.warmUpSteps, startFactor },
    } as const,
  };
  const graph = buildFineTuning({
    ...{ backbone, batchSize, size, classes, recipe },
    normalize: IMAGENET_NORMALIZATION,
  });
  assertEquals(graph.branches, 2 * golden.depth);
  const state = new Map(graph.step.state.map(({ name, shape }) => {
    const source = name.startsWith(averageName("")) ? name.slice(averageName("").length) : name;
    return [name, hashedParameter(source, shape)];
  }));
  using step = await BoundStep.create(graph.step, { device: CPU }, { state });
  const scalars = fineTuningScalars(recipe, { batchSize, totalSteps: steps, stepsPerEpoch: 1 });
  const expected = (name: string) => Array.from(tensors.get(name)!.data, Number);
  for (const [i, wanted] of expected("losses").entries()) {
    step.input("images", "uint8").write(imagesOf(golden, i));
    const labels = Array.from({ length: batchSize }, (_, row) => (row * 3 + i) % classes);
    step.input("labels", "int64").write(int64([batchSize], labels));
    step.input("mask", "float32").write(maskOf(golden, i));
    for (let branch = 0; branch < graph.branches; branch++) {
      const drawn = hashedTensor(`drop.${i}.${branch}`, [batchSize, 1, 1]);
      const shares = drawn.data.map((value) => value < -0.6 ? 0 : 1.25);
      step.input(dropPathName(branch), "float32").write(tensor("float32", drawn.shape, shares));
    }
    const { loss } = await step.run(scalars(i));
    const off = Math.abs(loss / wanted - 1);
    assert(off < TOLERANCE, `the loss of step ${i} is ${loss}, not ${wanted}`);
  }
  const names = [...tensors.keys()].flatMap((name) =>
    name.startsWith("value/") ? [name.slice("value/".length)] : []
  );
  assert(names.length > 20);
  for (const name of names) {
    for (const [key, found] of [["value", name], ["average", averageName(name)]] as const) {
      const values = Array.from(step.state.get(found)!.read().data, Number);
      const error = relativeError(values, expected(`${key}/${name}`));
      const tolerance = name.endsWith("qkv.bias") ? KEY_BIAS_TOLERANCE : TOLERANCE;
      assert(error < tolerance, `${found} differs from PyTorch's by ${error}`);
    }
  }
});
