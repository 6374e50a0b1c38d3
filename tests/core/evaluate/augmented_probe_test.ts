import { assert, assertEquals, assertRejects } from "@std/assert";
import { backbone } from "../../../core/backbones/registry.ts";
import { evaluationRecipe, IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { openData } from "../../../core/data/open_data.ts";
import { subset } from "../../../core/data/subset.ts";
import { buildFeatureGraph } from "../../../core/encoders/feature_extractor.ts";
import { CPU, DeviceTensor } from "../../../core/engine/ort/mod.ts";
import { augmentedProbe } from "../../../core/evaluate/augmented_probe.ts";
import type { ClassifierProgress } from "../../../core/evaluate/classifier_training.ts";
import { EpochCheckpoints } from "../../../core/evaluate/epoch_checkpoints.ts";
import { evaluateBackbone, type PlacedBackbone } from "../../../core/evaluate/evaluate_backbone.ts";
import { holdOut } from "../../../core/evaluate/hold_out.ts";
import { LINEAR_PROBE_RECIPES } from "../../../core/evaluate/linear_probe_recipes.ts";
import { type SupervisedData, supervisedData } from "../../../core/evaluate/supervised_data.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { colors, placedBackbone, RECIPE } from "./colored_images.ts";

const evaluation = evaluationRecipe(32, IMAGENET_NORMALIZATION);
const recipe = { ...LINEAR_PROBE_RECIPES["lightly"]!, learningRate: 6.4, epochs: 12 };

/** A ResNet-18 of initial weights. */
function untrained(stack: DisposableStack): PlacedBackbone {
  const network = backbone("resnet18");
  const { scope } = buildFeatureGraph({
    backbone: network,
    ...evaluation,
    batchSize: 1,
    device: CPU,
  });
  const weights = new Map(
    [...scope.initialize(1)].map(([name, value]) => [name, stack.use(DeviceTensor.from(value))]),
  );
  return { backbone: network, device: CPU, weights };
}

/** The two most frequent classes of emoji, a part of each. */
async function emoji(count: number): Promise<SupervisedData> {
  const all = await openData("emoji-twitter");
  const byClass = Map.groupBy(Array(all.length).keys(), (index) => all.sample(index).label!);
  const largest = [...byClass.values()].sort((a, b) => b.length - a.length).slice(0, 2);
  const chosen = subset(all, largest.flatMap((members) => members.slice(0, count)));
  const [bank, queries] = holdOut(chosen);
  return await supervisedData({ bank, queries });
}

Deno.test("neither neighbours nor a probe on augmented images change the backbone, its running statistics included", async () => {
  using stack = new DisposableStack();
  const placed = placedBackbone(stack);
  const values = () =>
    new Map([...placed.weights].map(([name, tensor]) => [name, Array.from(tensor.data, Number)]));
  const before = values();
  assert(before.has("backbone.bn1.running_mean"), [...before.keys()].join(", "));
  const bank = colors("bank", ["green", "red"], { each: 4 });
  const queries = colors("queries", ["green", "red"]);
  await evaluateBackbone(placed, { bank, queries, recipe: RECIPE });
  const data = await supervisedData({ bank, queries });
  await augmentedProbe(placed, data, { recipe, evaluation: RECIPE, epochs: 1, batchSize: 4 });
  assertEquals(values(), before);
});

Deno.test("augmentedProbe() learns on emoji, from anew-cut images each epoch", async () => {
  using stack = new DisposableStack();
  const data = await emoji(100);
  assertEquals([data.classes, data.train.length, data.test.length], [2, 160, 40]);
  const progress: ClassifierProgress[] = [];
  const found = await augmentedProbe(untrained(stack), data, {
    recipe,
    evaluation,
    batchSize: 32,
    onProgress: (event) => progress.push(event),
  });
  assert(found.top1 > data.chance.balanced + 0.2, `top1 is ${found.top1}`);
  assertEquals([found.top5, found.trained, found.tested, found.skipped], [1, 160, 40, 0]);
  assertEquals(found.losses.length, 12);
  assert(found.losses[11]! < found.losses[0]!, `losses are ${found.losses}`);
  const last = progress.at(-1)!;
  assertEquals([last.done, last.total, last.epoch, last.loss], [1920, 1920, 11, found.losses[11]]);
});

Deno.test("augmentedProbe() goes on from its newest checkpoint, bit for bit", () =>
  withFolder(async (path) => {
    using stack = new DisposableStack();
    const [network, data] = [untrained(stack), await emoji(20)];
    const train = (folder: string, onProgress?: (event: ClassifierProgress) => void) =>
      augmentedProbe(network, data, {
        recipe,
        evaluation,
        batchSize: 8,
        epochs: 3,
        seed: 3,
        ...(onProgress && { onProgress }),
        checkpoints: new EpochCheckpoints({
          folder: path(folder),
          method: "linear",
          identity: { seed: 3 },
          configuration: {},
        }),
      });
    const whole = await train("whole");
    const stop = new Error("stopped");
    await assertRejects(() =>
      train("stopped", ({ epoch }) => {
        if (epoch === 2) throw stop;
      })
    );
    const epochs: number[] = [];
    assertEquals(await train("stopped", ({ epoch }) => epochs.push(epoch)), whole);
    assertEquals(new Set(epochs), new Set([2]));
    const model = (folder: string) =>
      Deno.readFileSync(path(`${folder}/step-000000012/model.safetensors`));
    assertEquals(model("stopped"), model("whole"));
    // A training that has ended is only tested.
    assertEquals(await train("stopped", () => assert(false)), whole);
    await assertRejects(
      () =>
        new EpochCheckpoints({
          folder: path("whole"),
          method: "linear",
          identity: { seed: 4 },
          configuration: {},
        }).newest(),
      TypeError,
      "it must be a checkpoint of the same training, found another",
    );
  }));

Deno.test("augmentedProbe() freezes the backbone, and refuses batches that there are no images for", async () => {
  using stack = new DisposableStack();
  const network = placedBackbone(stack);
  const weights = [...network.weights.values()].map((value) => value.read());
  const bank = colors("bank", ["green", "red"], { each: 4 });
  const data = await supervisedData({ bank, queries: colors("queries", ["red", "green"]) });
  const options = { recipe, evaluation: RECIPE, epochs: 20 };
  const found = await augmentedProbe(network, data, options);
  // The queries number the same names otherwise.
  assertEquals([found.top1, found.batchSize], [1, 8]);
  assertEquals([...network.weights.values()].map((value) => value.read()), weights);
  await assertRejects(
    () => augmentedProbe(network, data, { ...options, batchSize: 9 }),
    RangeError,
    "the batch size must be an integer in [1, 8], the training images, found 9",
  );
});
