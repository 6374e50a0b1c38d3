import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { filled, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { CPU, DeviceTensor } from "../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import {
  buildFeatureGraph,
  FeatureExtractor,
  type FeatureExtractorOptions,
} from "../../../core/encoders/feature_extractor.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";
import { runGraph } from "../../run_graph.ts";
import { SIZE, smallBackbone } from "../train/small_methods.ts";

const OPTIONS: FeatureExtractorOptions = {
  backbone: smallBackbone,
  size: SIZE,
  batchSize: 4,
  normalize: { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.1] },
  device: CPU,
  threads: 1,
};

function noise(count: number, seed: number): Tensor<"uint8"> {
  const random = new RandomStream(seed, "images");
  const data = Uint8Array.from({ length: count * SIZE * SIZE * 3 }, () => random.integer(256));
  return tensor("uint8", [count, SIZE, SIZE, 3], data);
}

/** The backbone's parameters and buffers on the CPU, by full name; disposed with the stack. */
function placeWeights(stack: DisposableStack): Map<string, DeviceTensor> {
  const values = Object.entries(hashedParameters(buildFeatureGraph(OPTIONS).scope));
  return new Map(values.map(([name, value]) => [name, stack.use(DeviceTensor.from(value))]));
}

Deno.test("FeatureExtractor gives each image its features, whatever else is in the batch", async () => {
  using stack = new DisposableStack();
  using extractor = await FeatureExtractor.create(OPTIONS, placeWeights(stack));
  assertEquals(extractor.width, 10);
  const whole = await extractor.extract(noise(4, 0));
  assertEquals(whole.shape, [4, 10]);
  const { data } = noise(4, 0);
  const part = await extractor.extract(
    tensor("uint8", [2, SIZE, SIZE, 3], data.slice(0, data.length / 2)),
  );
  assertEquals(part.shape, [2, 10]);
  assertEquals(part.data, whole.data.slice(0, 20));
  const other = await extractor.extract(noise(4, 1));
  assert(String(other.data) !== String(whole.data));
});

Deno.test("FeatureExtractor normalises by the running statistics", async () => {
  using stack = new DisposableStack();
  const weights = placeWeights(stack);
  using extractor = await FeatureExtractor.create(OPTIONS, weights);
  const images = noise(1, 0);
  const { features } = buildFeatureGraph({ ...OPTIONS, batchSize: 1 });
  const feeds = Object.fromEntries([...weights].map(([name, value]) => [name, value.read()]));
  const { y } = await runGraph({ y: features }, { images, ...feeds });
  const found = await extractor.extract(images);
  assert(found.data.some((value) => value !== 0));
  found.data.forEach((value, i) => assertAlmostEquals(value, Number(y!.data[i]!), 1e-5));
});

Deno.test("FeatureExtractor reads the weights where they lie, at each run", async () => {
  using stack = new DisposableStack();
  const weights = placeWeights(stack);
  using extractor = await FeatureExtractor.create(OPTIONS, weights);
  assert((await extractor.extract(noise(1, 0))).data.some((value) => value !== 0));
  for (const name of ["backbone.bn1.weight", "backbone.bn1.bias"]) {
    weights.get(name)!.write(filled("float32", [10], 0));
  }
  assertEquals((await extractor.extract(noise(1, 0))).data, new Float32Array(10));
});

Deno.test("FeatureExtractor.create() names a parameter that is missing", async () => {
  using stack = new DisposableStack();
  const weights = placeWeights(stack);
  weights.delete("backbone.bn1.running_var");
  await assertRejects(
    () => FeatureExtractor.create(OPTIONS, weights),
    TypeError,
    'Cannot encode images: parameter "backbone.bn1.running_var" (float32[10]) is missing',
  );
});

Deno.test("FeatureExtractor refuses images of another size and batches that are too long", async () => {
  using stack = new DisposableStack();
  using extractor = await FeatureExtractor.create(OPTIONS, placeWeights(stack));
  const rule = `at most uint8[4,${SIZE},${SIZE},3] fits`;
  await assertRejects(() => extractor.extract(noise(5, 0)), RangeError, rule);
  const narrow = tensor("uint8", [1, 2, 2, 3], new Uint8Array(12));
  await assertRejects(() => extractor.extract(narrow), RangeError, rule);
});
