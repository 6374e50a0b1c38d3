import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { visionTransformer } from "../../../core/backbones/vision_transformer.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { BoundStep } from "../../../core/engine/step/mod.ts";
import { int64, tensor } from "../../../core/engine/graph/tensor.ts";
import type { ClassifierProgress } from "../../../core/evaluate/classifier_training.ts";
import { EpochCheckpoints } from "../../../core/evaluate/epoch_checkpoints.ts";
import { fineTune, fineTuningScalars } from "../../../core/evaluate/fine_tune.ts";
import { type Provider, withTarget } from "../../../core/engine/graph/target.ts";
import { averageName, buildFineTuning } from "../../../core/evaluate/fine_tuning_graph.ts";
import {
  type FineTuningRecipe,
  fineTuningRecipe,
} from "../../../core/evaluate/fine_tuning_recipes.ts";
import { mixingMask } from "../../../core/evaluate/mixing.ts";
import { supervisedData } from "../../../core/evaluate/supervised_data.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { SIZE, smallBackbone } from "../train/small_methods.ts";
import { colors, placedBackbone, RECIPE } from "./colored_images.ts";

const vit = fineTuningRecipe("vit", 1);
const plain = fineTuningRecipe("swav", 0.1);
/** Without epochs of warm-up. */
const short = { course: { kind: "constant" } } as const;

function network() {
  using stack = new DisposableStack();
  const { weights } = placedBackbone(stack);
  const tensors = new Map([...weights].map(([name, value]) => [name, value.read()]));
  // Fixtures leave out counts, which every checkpoint has.
  const { scope } = graphOf(plain);
  for (const [name, { value }] of scope.declarations) {
    if (value.dtype === "int64") tensors.set(name, int64([], [0]));
  }
  return { backbone: smallBackbone, device: CPU, tensors };
}

function graphOf(recipe: typeof vit, batchSize = 4) {
  const { normalize } = RECIPE;
  return buildFineTuning({
    backbone: smallBackbone,
    ...{ batchSize, classes: 3, size: SIZE, normalize, recipe },
  });
}

const data = () =>
  supervisedData({
    bank: colors("bank", ["green", "red"], { each: 4 }),
    queries: colors("queries", ["red", "green"], { each: 2 }),
  });

Deno.test("fineTune() trains backbone and classifier, and goes on from its newest checkpoint, bit for bit", () =>
  withFolder(async (path) => {
    const supervised = await data();
    for (const [name, recipe] of Object.entries({ plain, vit })) {
      const run = (
        folder: string,
        onProgress?: (event: ClassifierProgress) => void,
        onWarning: (message: string) => void = () => {},
      ) =>
        fineTune(network(), supervised, {
          recipe: { ...recipe, learningRate: 0.32, classifierLearningRate: 0.32 },
          evaluation: RECIPE,
          batchSize: 4,
          epochs: 8,
          seed: 2,
          onWarning,
          ...(onProgress && { onProgress }),
          checkpoints: new EpochCheckpoints({
            folder: path(`${name}/${folder}`),
            method: "fine-tuning",
            identity: { name },
            configuration: {},
          }),
        });
      const warnings: string[] = [];
      const whole = await run("whole", undefined, (message) => warnings.push(message));
      assertEquals(
        warnings,
        name === "plain" ? [] : [
          "Drop path 0.1 of the recipe has nothing to leave out: small has no transformer blocks",
        ],
      );
      assertEquals([whole.trained, whole.tested, whole.losses.length], [8, 4, 8]);
      if (name === "plain") assertEquals(whole.top1, 1);
      await assertRejects(() =>
        run("stopped", ({ epoch }) => {
          if (epoch === 5) throw new Error("stopped");
        })
      );
      const epochs: number[] = [];
      assertEquals(await run("stopped", ({ epoch }) => epochs.push(epoch)), whole);
      assertEquals(epochs, [5, 5, 6, 6, 7, 7]);
      for (const file of ["model", "optimizer"]) {
        const bytes = (folder: string) =>
          Deno.readFileSync(path(`${name}/${folder}/step-000000016/${file}.safetensors`));
        assertEquals(bytes("stopped"), bytes("whole"));
      }
    }
  }));

Deno.test("fine-tuning updates packed parameters where a device has addresses", () => {
  const packsFor = (provider: Provider) =>
    withTarget({ provider }, () => graphOf(vit)).step.packs.map(({ name }) => name);
  assert(packsFor("cuda").includes("pack 0"));
  assert(packsFor("cpu").includes("pack 0"));
  assertEquals(packsFor("webgpu"), []);
});

Deno.test("fineTune() refuses a network that lacks a tensor", async () => {
  const { tensors, ...rest } = network();
  const [first] = tensors.keys();
  tensors.delete(first!);
  const supervised = await data();
  await assertRejects(
    () => fineTune({ ...rest, tensors }, supervised, { recipe: plain, evaluation: RECIPE }),
    TypeError,
    `the network must have "${first}", found no tensor of this name`,
  );
});

Deno.test("fineTune() takes a batch in parts: without batch norm as it takes the whole", async () => {
  const backbone: Backbone = {
    name: "vit",
    width: 8,
    apply: (scope, images) =>
      visionTransformer(scope, images, { patch: 3, width: 8, depth: 2, heads: 2 }),
  };
  const supervised = await data();
  const { mixing: _, ...unmixed } = {
    ...vit,
    ...short,
    learningRate: 1,
    classifierLearningRate: 1,
  };
  const recipes: Readonly<Record<string, FineTuningRecipe>> = {
    // Half of the branches, so that a wrong part of what is drawn shows.
    vit: { ...unmixed, dropPath: 0.5 },
    simclr: { ...fineTuningRecipe("simclr", 1), learningRate: 200, classifierLearningRate: 200 },
  };
  for (const [name, recipe] of Object.entries(recipes)) {
    const { scope } = buildFineTuning({
      ...{ backbone, recipe, batchSize: 4, size: SIZE, classes: 2 },
      normalize: RECIPE.normalize,
    });
    const tensors = new Map(scope.initialize(1));
    const train = (deviceBatchSize?: number) =>
      fineTune({ backbone, device: CPU, tensors }, supervised, {
        ...{ recipe, evaluation: RECIPE, batchSize: 4, epochs: 8, seed: 2 },
        ...(deviceBatchSize !== undefined && { deviceBatchSize }),
      });
    const whole = await train();
    assertEquals(whole.deviceBatchSize, 4);
    for (const deviceBatchSize of [1, 2]) {
      const parts = await train(deviceBatchSize);
      assertEquals([parts.batchSize, parts.deviceBatchSize], [4, deviceBatchSize]);
      for (const [epoch, loss] of parts.losses.entries()) {
        const off = Math.abs(loss / whole.losses[epoch]! - 1);
        assert(
          off < 1e-4,
          `${name}: loss ${loss} of epoch ${epoch} is ${off} off the whole batch's`,
        );
      }
    }
    assert(whole.losses.at(-1)! < 0.9 * whole.losses[0]!, "the network is trained");
    await assertRejects(
      () => train(3),
      RangeError,
      "--device-batch-size must divide the images of a step, 4, found 3",
    );
  }
});

Deno.test("fineTune() trains on images that are augmented as its recipe says", async () => {
  const supervised = await data();
  const lossOf = async (changed: Partial<FineTuningRecipe>) => {
    const { losses } = await fineTune(network(), supervised, {
      recipe: { ...plain, ...changed },
      ...{ evaluation: RECIPE, batchSize: 8, epochs: 1, seed: 2 },
    });
    return losses[0]!;
  };
  const losses = await Promise.all([
    lossOf({}),
    lossOf({ noiseErasing: 1 }),
    lossOf({ randAugment: { layers: 4, magnitude: 9, deviation: 0.5 } }),
  ]);
  assertEquals(new Set(losses).size, 3, losses.join(", "));
});

Deno.test("fineTune() in parts with batch norm and mixing goes on from its newest checkpoint, bit for bit", () =>
  withFolder(async (path) => {
    const supervised = await data();
    const run = (folder: string, onProgress?: (event: ClassifierProgress) => void) =>
      fineTune(network(), supervised, {
        recipe: { ...vit, ...short, learningRate: 0.32, classifierLearningRate: 0.32 },
        ...{ evaluation: RECIPE, batchSize: 8, deviceBatchSize: 2, epochs: 4, seed: 2 },
        ...(onProgress && { onProgress }),
        checkpoints: new EpochCheckpoints({
          folder: path(folder),
          ...{ method: "fine-tuning", identity: {}, configuration: {} },
        }),
      });
    const whole = await run("whole");
    await assertRejects(() =>
      run("stopped", ({ epoch }) => {
        if (epoch === 2) throw new Error("stopped");
      })
    );
    assertEquals(await run("stopped"), whole);
    const bytes = (folder: string) =>
      Deno.readFileSync(path(`${folder}/step-000000004/model.safetensors`));
    assertEquals(bytes("stopped"), bytes("whole"));
  }));

/** The loss of one step on images of one seed, under a mask. */
async function lossOf(mask: Float32Array<ArrayBuffer>, order: readonly number[]): Promise<number> {
  const graph = graphOf({ ...vit, labelSmoothing: 0 });
  const state = new Map(graph.scope.initialize(3));
  for (const { name } of graph.step.state) {
    const source = name.replace("average.", "");
    if (source !== name) state.set(name, state.get(source)!);
  }
  using step = await BoundStep.create(graph.step, { device: CPU }, { state });
  const images = order.map((image) => {
    const random = new RandomStream(1, "image", image);
    return Array.from({ length: SIZE * SIZE * 3 }, () => random.integer(256));
  }).flat();
  step.input("images", "uint8").write(
    tensor("uint8", [4, SIZE, SIZE, 3], Uint8Array.from(images)),
  );
  step.input("labels", "int64").write(int64([4], order.map((image) => image % 3)));
  step.input("mask", "float32").write(tensor("float32", [SIZE, SIZE], mask));
  const scalars = fineTuningScalars(vit, { batchSize: 4, totalSteps: 10, stepsPerEpoch: 1 });
  const { loss } = await step.run(scalars(0));
  // The average starts as a copy of the weights after the first step.
  const weight = (name: string) => step.state.get(name)!.read();
  assertEquals(weight(averageName("classifier.weight")), weight("classifier.weight"));
  await step.run(scalars(6));
  const [average, now] = [averageName("classifier.weight"), "classifier.weight"].map(weight);
  assert(now!.data.some((value, i) => value !== average!.data[i]), "the average lags behind");
  return loss;
}

Deno.test("fine-tuning mixes each image and its label with another's", async () => {
  const all = SIZE * SIZE;
  const ones = new Float32Array(all).fill(1);
  const order = [0, 1, 2, 3];
  const whole = await lossOf(ones, order);
  // With nothing kept, images and labels are those of the other.
  assertAlmostEquals(
    await lossOf(new Float32Array(all), order),
    await lossOf(ones, [3, 2, 1, 0]),
    1e-5,
  );
  assert(Math.abs(await lossOf(new Float32Array(all).fill(0.5), order) - whole) > 1e-6);
});

Deno.test("mixingMask() is one share everywhere, or a rectangle", () => {
  const options = { mixup: 0.8, cutmix: 1 };
  const kinds = { share: 0, rectangle: 0 };
  let kept = 0;
  for (let step = 0; step < 400; step++) {
    const mask = mixingMask(8, options, new RandomStream(0, "mixing", step));
    const values = new Set(mask);
    kept += mask.reduce((sum, share) => sum + share / mask.length / 400, 0);
    if (values.size === 1 && !values.has(0) && !values.has(1)) kinds.share++;
    else {
      kinds.rectangle++;
      assert([...values].every((value) => value === 0 || value === 1));
      const rows = Array.from({ length: 8 }, (_, y) => mask.slice(8 * y, 8 * y + 8).join(""));
      assert(new Set(rows.filter((row) => row.includes("0"))).size <= 1, "equal rows are cut");
    }
  }
  assert(kinds.share > 150 && kinds.rectangle > 150, JSON.stringify(kinds));
  // Both betas have the mean a half; rectangles that reach beyond a border keep more.
  assert(kept > 0.5 && kept < 0.7, `kept ${kept}`);
});

Deno.test("fineTuningScalars() warm up and follow the batch", () => {
  const length = { totalSteps: 1500, stepsPerEpoch: 10 };
  const at = fineTuningScalars(vit, { batchSize: 256, ...length });
  assertAlmostEquals(at(0)["learning_rate"]!, 2.5e-7, 1e-12);
  assertAlmostEquals(at(49)["learning_rate"]!, 2.5e-4, 1e-12);
  assertAlmostEquals(at(1500)["learning_rate"]!, 5e-6, 1e-12);
  assertEquals([at(0)["average_rate"], at(1)["average_rate"]], [1, 4e-5]);
  assertEquals(at(7)["weight_decay"], 0.05);
  const few = fineTuningScalars(fineTuningRecipe("swav", 0.01), {
    batchSize: 256,
    totalSteps: 200,
    stepsPerEpoch: 10,
  });
  const rates = [0, 119, 120, 160, 199].map((step) => few(step)["learning_rate"]!);
  for (const [i, rate] of [0.02, 0.02, 0.004, 0.0008, 0.0008].entries()) {
    assertAlmostEquals(rates[i]!, rate, 1e-12);
  }
});
