import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { float32, zeros } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import type { LabeledFeatures } from "../../../core/evaluate/labeled_features.ts";
import { linearProbe } from "../../../core/evaluate/linear_probe.ts";
import { LINEAR_PROBE_RECIPES } from "../../../core/evaluate/linear_probe_recipes.ts";

const WIDTH = 8;

/** Features around the axes, one class for each axis, at some scale. */
function clusters(name: string, rows: number, noise: number, scale = 1): LabeledFeatures {
  const random = new RandomStream(5, name);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % WIDTH);
  const values = Array.from({ length: rows * WIDTH }, (_, i) => {
    const centre = labels[Math.floor(i / WIDTH)] === i % WIDTH ? 1 : 0;
    return scale * (centre + random.normal(0, noise));
  });
  return { features: float32([rows, WIDTH], values), labels };
}

const fast = { ...LINEAR_PROBE_RECIPES["lightly"]!, learningRate: 1, batchSize: 32, epochs: 12 };

Deno.test("linearProbe() learns classes that a plane separates", async () => {
  const train = clusters("train", 160, 0.15);
  const result = await linearProbe(train, clusters("test", 83, 0.15), { recipe: fast });
  assert(result.top1 > 0.95, `top1 is ${result.top1}`);
  assertEquals(result.top5, 1);
  assertEquals(result.predictions.length, 83);
  assertEquals(result.losses.length, 12);
  assert(result.losses[11]! < 0.5 * result.losses[0]!, `losses are ${result.losses}`);
});

Deno.test("linearProbe() learns by LARS and by a step schedule", async () => {
  const [train, test] = [clusters("train", 160, 0.15), clusters("test", 80, 0.15)];
  const recipes = [
    { ...fast, optimizer: "lars", learningRate: 4, epochs: 60 },
    { ...LINEAR_PROBE_RECIPES["moco-v2"]!, epochs: 15 },
  ] as const;
  for (const recipe of recipes) {
    const { top1 } = await linearProbe(train, test, { recipe });
    assert(top1 > 0.9, `top1 by ${recipe.optimizer} is ${top1}`);
  }
});

Deno.test("linearProbe() takes all rows as a batch where a recipe asks for more", async () => {
  const train = clusters("train", 40, 0.15);
  const recipe = LINEAR_PROBE_RECIPES["lars"]!;
  assertEquals((await linearProbe(train, train, { recipe, epochs: 1 })).batchSize, 40);
});

Deno.test("linearProbe() takes labels of any size, in memory by the number of classes", async () => {
  const { features, labels } = clusters("train", 40, 0.15);
  const large = { features, labels: labels.map((label) => label === 0 ? 2 ** 31 - 1 : label) };
  const { predictions } = await linearProbe(large, large, { recipe: fast, epochs: 1 });
  assertEquals(predictions.length, 40);
});

Deno.test("linearProbe() is at chance on features that are all zero", async () => {
  const { labels } = clusters("train", 160, 0);
  const empty = { features: zeros("float32", [160, WIDTH]), labels };
  const { losses, top1 } = await linearProbe(empty, empty, { recipe: fast, batchSize: 160 });
  assertAlmostEquals(losses[0]!, Math.log(8), 1e-6);
  assertEquals(top1, 1 / 8);
});

Deno.test("linearProbe() repeats itself for a seed, and differs for another", async () => {
  const [train, test] = [clusters("train", 96, 0.5), clusters("test", 40, 0.5)];
  const at = (seed: number) => linearProbe(train, test, { recipe: fast, epochs: 3, seed });
  const first = await at(1);
  assertEquals(await at(1), first);
  assert((await at(2)).losses[2] !== first.losses[2]);
});

/** Softmax regression by descent on all rows with momentum, in float64. */
function descend(
  { features, labels }: LabeledFeatures,
  weight: Float64Array,
  rates: readonly number[],
): number[] {
  const bias = new Float64Array(WIDTH);
  const velocity = new Float64Array(WIDTH * WIDTH + WIDTH);
  return rates.map((rate) => {
    const gradient = new Float64Array(velocity.length);
    let loss = 0;
    labels.forEach((label, row) => {
      const x = features.data.subarray(row * WIDTH, (row + 1) * WIDTH);
      const logits = Array.from(
        bias,
        (offset, c) => x.reduce((sum, value, i) => sum + value * weight[c * WIDTH + i]!, offset),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      loss += (Math.log(total) - logits[label]!) / labels.length;
      logits.forEach((logit, c) => {
        const by = (Math.exp(logit) / total - (c === label ? 1 : 0)) / labels.length;
        x.forEach((value, i) => gradient[c * WIDTH + i]! += by * value);
        gradient[WIDTH * WIDTH + c]! += by;
      });
    });
    gradient.forEach((value, i) => {
      velocity[i] = 0.9 * velocity[i]! + value;
      if (i < weight.length) weight[i]! -= rate * velocity[i]!;
      else bias[i - weight.length]! -= rate * velocity[i]!;
    });
    return loss;
  });
}

Deno.test("linearProbe() descends as softmax regression does in float64", async () => {
  const train = clusters("train", 40, 0.5);
  const recipe = { ...fast, learningRate: 2, batchSize: 80 };
  const { losses } = await linearProbe(train, train, { recipe, epochs: 6, batchSize: 40, seed: 9 });
  const random = new RandomStream(9, "initialize", "fc.weight");
  const weight = Float64Array.from(
    { length: WIDTH * WIDTH },
    () => Math.fround(random.normal(0, 0.01)),
  );
  // Half the recipe's batch, half its learning rate, which falls by a cosine from epoch to epoch.
  const rates = Array.from({ length: 6 }, (_, t) => (1 + Math.cos(Math.PI * t / 6)) / 2);
  for (const [epoch, loss] of descend(train, weight, rates).entries()) {
    assertAlmostEquals(losses[epoch]!, loss, 2e-5, `epoch ${epoch}: ${losses[epoch]} and ${loss}`);
  }
});

Deno.test("linearProbe() standardizes by the training features", async () => {
  const train = clusters("train", 96, 0.3, 1e-3);
  const test = clusters("test", 64, 0.3, 1e-3);
  const options = { recipe: { ...fast, learningRate: 0.1 }, epochs: 4 };
  const plain = await linearProbe(train, test, options);
  const standardized = await linearProbe(train, test, { ...options, standardize: true });
  assertAlmostEquals(plain.losses[3]!, Math.log(8), 0.05);
  assert(standardized.losses[3]! < plain.losses[3]!, `${standardized.losses}`);
});

Deno.test("linearProbe() tells the loss of each epoch", async () => {
  const train = clusters("train", 64, 0.5);
  const told: [number, number][] = [];
  const { losses } = await linearProbe(train, train, {
    recipe: fast,
    epochs: 3,
    onEpoch: (epoch, loss) => told.push([epoch, loss]),
  });
  assertEquals(told, losses.map((loss, epoch) => [epoch, loss]));
});

Deno.test("linearProbe() refuses what does not fit together, and a loss that diverges", async () => {
  const train = clusters("train", 32, 0.5);
  const refuses = async (test: LabeledFeatures, options: object, message: string) => {
    await assertRejects(() => linearProbe(train, test, options), RangeError, message);
  };
  await refuses(train, { batchSize: 33 }, "batchSize must be an integer in [1, 32], found 33");
  const wide = { features: float32([1, 9], new Float32Array(9)), labels: Int32Array.of(0) };
  await refuses(wide, {}, "found 9 and 8");
  const recipe = { ...fast, learningRate: 1e39 };
  await refuses(train, { recipe }, "the loss must be finite");
});
