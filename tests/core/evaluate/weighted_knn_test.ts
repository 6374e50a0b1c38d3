import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { float32, type Tensor } from "../../../core/engine/graph/tensor.ts";
import type { LabeledFeatures } from "../../../core/evaluate/labeled_features.ts";
import { knnSweep, weightedKnn } from "../../../core/evaluate/weighted_knn.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const path = new URL("../../../fixtures/golden/evaluate_knn", import.meta.url).pathname;

interface Golden {
  readonly k: number;
  readonly temperature: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function readGolden(): Promise<Golden> {
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  return { ...JSON.parse(await Deno.readTextFile(`${path}.json`)), tensors };
}

function labeled({ tensors }: Golden, features: string, labels: string): LabeledFeatures {
  return {
    features: tensors.get(features) as Tensor<"float32">,
    labels: Int32Array.from(tensors.get(labels)!.data, Number),
  };
}

/** Leaves a query out of its own neighbours. */
const itself = (query: number) => [query];

async function assertClassifies(
  golden: Golden,
  queries: LabeledFeatures,
  prefix: string,
  excludeSelf: boolean,
): Promise<void> {
  const bank = labeled(golden, "bank", "bank_labels");
  const { k, temperature, tensors } = golden;
  const result = await weightedKnn(bank, queries, {
    k,
    temperature,
    ...(excludeSelf && { excluded: itself }),
  });
  const expected = (name: string) => Array.from(tensors.get(`${prefix}.${name}`)!.data, Number);
  assertEquals([...result.neighbors.indices], expected("indices"));
  assertEquals([...result.predictions], expected("predictions"));
  assertEquals([result.top1, result.top5], [...expected("top1"), ...expected("top5")]);
  for (const [i, similarity] of expected("similarities").entries()) {
    assertAlmostEquals(result.neighbors.similarities[i]!, similarity, 1e-6);
  }
}

Deno.test("weightedKnn() agrees with PyTorch on queries in a bank", async () => {
  const golden = await readGolden();
  await assertClassifies(golden, labeled(golden, "queries", "labels"), "bank", false);
});

Deno.test("weightedKnn() agrees with PyTorch on a bank in itself", async () => {
  const golden = await readGolden();
  await assertClassifies(golden, labeled(golden, "bank", "bank_labels"), "itself", true);
});

Deno.test("weightedKnn() agrees with PyTorch on votes by Euclidean distance", async () => {
  const golden = await readGolden();
  const { k, tensors } = golden;
  const [bank, queries] = [
    labeled(golden, "bank", "bank_labels"),
    labeled(golden, "queries", "labels"),
  ];
  const options = { k, temperature: 1, distance: "euclidean" } as const;
  const { neighbors, predictions, top1 } = await weightedKnn(bank, queries, options);
  const expected = (name: string) => Array.from(tensors.get(`distance.${name}`)!.data, Number);
  assertEquals([...neighbors.indices], expected("indices"));
  for (const [i, vote] of expected("votes").entries()) {
    assertAlmostEquals(Math.exp(neighbors.similarities[i]!) / vote, 1, 1e-5);
  }
  assertEquals([...predictions], expected("predictions"));
  const sweep = await knnSweep(bank, queries, { ...options, k: [1, k], temperature: [0.07, 3] });
  assertEquals(sweep.map(({ k, temperature }) => [k, temperature]), [[1, 1], [k, 1]]);
  assertEquals(sweep[1]!.top1, top1);
});

Deno.test("knnSweep() gives what weightedKnn() gives for each", async () => {
  const golden = await readGolden();
  const bank = labeled(golden, "bank", "bank_labels");
  const options = { excluded: itself, k: [3, 1, 20], temperature: [0.05, 1] };
  const found = await knnSweep(bank, bank, options);
  assertEquals(found.length, 6);
  for (const { k, temperature, top1, top5 } of found) {
    const one = await weightedKnn(bank, bank, { excluded: itself, k, temperature });
    assertEquals([top1, top5], [one.top1, one.top5], `k ${k}, T ${temperature}`);
  }
  await assertRejects(() => knnSweep(bank, bank, { temperature: [0.1, 0] }), RangeError, "found 0");
});

const corners: LabeledFeatures = {
  features: float32([4, 2], [1, 0, 0, 1, -1, 0, 0, -1]),
  labels: Int32Array.of(3, 1, 0, 2),
};

Deno.test("weightedKnn() gives equal scores to the lowest class", async () => {
  const diagonal = { features: float32([1, 2], [5, 5]), labels: Int32Array.of(3) };
  const { predictions, top1, top5 } = await weightedKnn(corners, diagonal, { k: 2 });
  assertEquals([...predictions], [1]);
  assertEquals([top1, top5], [0, 1]);
});

Deno.test("weightedKnn() lets a near neighbour outvote several at a low temperature", async () => {
  const bank = {
    features: float32([3, 2], [1, 0, 0.6, 0.8, 0.6, 0.8]),
    labels: Int32Array.of(1, 0, 0),
  };
  const query = { features: float32([1, 2], [1, 0.1]), labels: Int32Array.of(1) };
  const at = async (temperature: number) => {
    const { predictions } = await weightedKnn(bank, query, { k: 3, temperature });
    return predictions[0];
  };
  assertEquals([await at(0.01), await at(10)], [1, 0]);
});

Deno.test("weightedKnn() counts no class without a vote among the first five", async () => {
  const query = { features: float32([1, 2], [1, 0]), labels: Int32Array.of(0) };
  const { top5 } = await weightedKnn(corners, query, { k: 1 });
  assertEquals(top5, 0);
});

Deno.test("weightedKnn() loses no vote at a small temperature", async () => {
  const bank = {
    features: float32([3, 2], [0.1, 1, 1, 0, 0, 1]),
    labels: Int32Array.of(0, 1, 2),
  };
  const query = { features: float32([1, 2], [0.5, -0.866]), labels: Int32Array.of(1) };
  for (const temperature of [0.07, 0.0005, 1e-300, Number.MIN_VALUE]) {
    const { predictions, top1, top5 } = await weightedKnn(bank, query, { k: 3, temperature });
    assertEquals([predictions[0], top1, top5], [1, 1, 1]);
    const second = await weightedKnn(bank, { ...query, labels: Int32Array.of(2) }, {
      k: 3,
      temperature,
    });
    assertEquals([second.top1, second.top5], [0, 1]);
  }
});

Deno.test("weightedKnn() takes labels of any size, in memory by the number of classes", async () => {
  const labels = Int32Array.of(2 ** 31 - 1, 1, 0, 2 ** 31 - 1);
  const { top1, predictions } = await weightedKnn({ ...corners, labels }, { ...corners, labels }, {
    k: 1,
  });
  assertEquals(top1, 1);
  assertEquals(predictions, labels);
});

Deno.test("weightedKnn() takes 20 neighbours, or all that there are", async () => {
  const { labels } = corners;
  const many = { features: float32([24, 1], Array(24).fill(1)), labels: new Int32Array(24) };
  assertEquals((await weightedKnn(many, many)).k, 20);
  assertEquals((await weightedKnn(corners, corners)).k, 4);
  assertEquals((await weightedKnn(corners, corners, { excluded: itself })).k, 3);
  const single = { features: float32([1, 2], [1, 0]), labels: labels.slice(0, 1) };
  await assertRejects(
    () => weightedKnn(single, single, { excluded: itself }),
    RangeError,
    "Cannot find neighbors: the bank must have a row beside the query, found none",
  );
});

Deno.test("weightedKnn() refuses what does not fit together", async () => {
  const refuses = async (queries: LabeledFeatures, options: object, message: string) => {
    await assertRejects(() => weightedKnn(corners, queries, options), RangeError, message);
  };
  await refuses(corners, { k: 5 }, "k must be an integer in [1, 4], found 5");
  await refuses(corners, { k: 4, excluded: itself }, "k must be an integer in [1, 3], found 4");
  await refuses(corners, { k: 2, temperature: 0 }, "temperature must be above 0, found 0");
  const labels = Int32Array.of(0, -1, 0, 0);
  await refuses({ ...corners, labels }, { k: 2 }, "labels must be 0 or more, found -1 in row 1");
  const wide = { features: float32([1, 3], [1, 0, 0]), labels: Int32Array.of(0) };
  await refuses(wide, { k: 2 }, "found float32[1,3] and float32[4,2]");
});
