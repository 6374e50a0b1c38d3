import { assertAlmostEquals, assertEquals } from "@std/assert";
import { sgd } from "../../../core/engine/optim/mod.ts";
import { LinearClassifier } from "../../../core/evaluate/linear_classifier.ts";

const options = {
  width: 2,
  classes: 3,
  batchSize: 4,
  optimizer: sgd({ momentum: 0 }),
  weightDecay: true,
  seed: 4,
};

Deno.test("LinearClassifier starts near the loss of chance and moves when it steps", async () => {
  using classifier = await LinearClassifier.create(options);
  const features = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1);
  const before = (await classifier.answer(features)).slice();
  const scalars = { learning_rate: 0.5, weight_decay: 0 };
  const first = await classifier.step(features, [0, 1, 0, 1], scalars);
  assertAlmostEquals(first, Math.log(3), 0.05);
  const second = await classifier.step(features, [0, 1, 0, 1], { ...scalars, learning_rate: 0 });
  assertEquals(second < first - 0.1, true);
  const after = await classifier.answer(features);
  assertEquals([0, 1].map((row) => after[row * 3 + row]! > before[row * 3 + row]!), [true, true]);
});

Deno.test("LinearClassifier decays its parameters", async () => {
  using classifier = await LinearClassifier.create(options);
  const features = new Float32Array(8);
  const unit = Float32Array.of(1, 0, 0, 1, 1, 1, 0, 0);
  const before = (await classifier.answer(unit)).slice();
  // Features of zeros give the weight no gradient, and classes of equal shares none to the bias.
  await classifier.step(features, [0, 1, 2, 0], { learning_rate: 1, weight_decay: 0.5 });
  const after = await classifier.answer(unit);
  const bias = after.subarray(9, 12);
  for (let i = 0; i < 3; i++) assertAlmostEquals(after[i]! - bias[i]!, 0.5 * before[i]!, 1e-6);
});
