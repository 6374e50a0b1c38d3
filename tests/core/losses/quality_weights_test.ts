import { assert, assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { float32, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../core/engine/graph/value.ts";
import { concat } from "../../../core/engine/ops/concat.ts";
import {
  negativeCosineSimilarity,
  type QualityOptions,
  qualityWeights,
} from "../../../core/losses/mod.ts";
import { pairsOfViews } from "../../../core/losses/pairs_of_views.ts";
import { pairSimilarity, similarityWeights } from "../../../core/losses/quality_weights.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

const { tensors: golden } = await readSafetensors(
  new URL("../../../fixtures/golden/quality_weights.safetensors", import.meta.url).pathname,
);

const EXAMPLE = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 2, 1, 0, 0, 1, 2, 1, 0, 1, 0, 0, 0],
  [1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 2, 0, 1, 1, 1, 0, 0, 2, 0],
] as const;

function largestDifference(found: Tensor, wanted: Tensor): number {
  assertEquals(found.shape, wanted.shape);
  const numbers: number[] = Array.from(found.data as ArrayLike<number>, Number);
  return Math.max(...numbers.map((value, i) => Math.abs(value - Number(wanted.data[i]))));
}

async function weigh(
  [first, second]: readonly Tensor[],
  direction: Tensor,
  options: QualityOptions,
): Promise<Record<string, Tensor>> {
  const value = (name: string, { shape }: Tensor) => input(name, "float32", shape);
  const quality = qualityWeights(
    value("first", first!),
    value("second", second!),
    value("direction", direction),
    options,
  );
  const { weights, foreground, background, maps: [map0, map1] } = quality;
  return await runGraph(
    { weights, foreground, background, "maps.0": map0, "maps.1": map1 },
    { first: first!, second: second!, direction },
  );
}

const examples = EXAMPLE.map((tokens) => float32([2, 4, 3], tokens));
const CASES: readonly (readonly [string, readonly Tensor[], Tensor, QualityOptions])[] = [
  ["example", examples, float32([3], [0.6, 0, 0.8]), {}],
  ["dot", examples, float32([3], [0.6, 0, 0.8]), { sharpness: 0.5, similarity: "dot" }],
  [
    "hashed",
    [0, 1].map((view) => hashedTensor(`tokens.${view}`, [8, 49, 1024], 2, 0.25)),
    golden.get("hashed.direction")!,
    { sharpness: 4 },
  ],
];

for (const [name, views, direction, options] of CASES) {
  Deno.test(`qualityWeights() gives what PyTorch gives: ${name}`, async () => {
    for (const [key, found] of Object.entries(await weigh(views, direction, options))) {
      const difference = largestDifference(found, golden.get(`${name}.${key}`)!);
      assert(difference <= 1e-5, `${key} differs by ${difference}`);
    }
  });
}

Deno.test("the pairs of several views weigh what they do in GenView++, with its γ of 2", async () => {
  const views = [0, 1, 2].map((view) => hashedTensor(`several.${view}`, [5, 9, 12], 2, 0.25));
  const raw = hashedTensor("several.direction", [12]);
  const norm = Math.hypot(...raw.data);
  const inputs = Object.fromEntries(views.map((tokens, view) => [`view${view}`, tokens]));
  const values = views.map(({ shape }, view) => input(`view${view}`, "float32", shape));
  const direction = constant(float32([12], raw.data.map((value) => value / norm)));
  const pairs = pairsOfViews(3);
  const found = pairs.map(([a, b]) => pairSimilarity(values[a]!, values[b]!, direction));
  const all = (of: "foreground" | "background") =>
    concat(found.map((each) => each[of]), { axis: 0 });
  const { weights } = await runGraph({
    weights: similarityWeights(all("foreground"), all("background"), 2),
  }, inputs);
  for (const [i, [first, second]] of pairs.entries()) {
    const wanted = golden.get(`several.${first}.${second}`)!;
    const own = float32([5], (weights!.data as Float32Array).slice(5 * i, 5 * (i + 1)));
    const difference = largestDifference(own, wanted);
    assert(difference <= 1e-5, `those of views ${first} and ${second} differ by ${difference}`);
  }
});

Deno.test("similarityWeights() are N softmax(s_f - s_b), as worked by hand", async () => {
  const similarity = (name: string) => input(name, "float32", [4]);
  const weights = similarityWeights(similarity("foreground"), similarity("background"));
  const found = await runGraph({ weights }, {
    foreground: float32([4], [0.9, 0.8, 0.6, 0.95]),
    background: float32([4], [0.5, 0.7, 0.65, 0.2]),
  });
  const wanted = float32([4], [1.053321, 0.780319, 0.671627, 1.494733]);
  const difference = largestDifference(found["weights"]!, wanted);
  assert(difference <= 1e-6, `they differ by ${difference}`);
});

Deno.test("qualityWeights() gives a single pair the weight 1, and no pair more where the sharpness is 0", async () => {
  const direction = float32([3], [0.6, 0, 0.8]);
  const single = EXAMPLE.map((tokens) => float32([1, 4, 3], tokens.slice(0, 12)));
  assertEquals([...(await weigh(single, direction, {}))["weights"]!.data], [1]);
  assertEquals([...(await weigh(examples, direction, { sharpness: 0 }))["weights"]!.data], [1, 1]);
});

Deno.test("qualityWeights() takes an image without contrast as all background", async () => {
  const flat = float32([2, 4, 3], Array(24).fill(1));
  const found = await weigh([flat, examples[1]!], float32([3], [0.6, 0, 0.8]), {});
  assertEquals([...found["maps.0"]!.data], Array(8).fill(0));
  assertEquals([...found["foreground"]!.data], [0, 0]);
  assert(found["weights"]!.data.every((weight) => Number(weight) > 0));
});

Deno.test("qualityWeights() lets no gradient through, so that a loss has that of constant weights", async () => {
  const prediction = input("prediction", "float32", [8, 16]);
  const target = input("target", "float32", [8, 16]);
  const first = input("first", "float32", [8, 49, 1024]);
  const second = input("second", "float32", [8, 49, 1024]);
  const direction = input("direction", "float32", [1024]);
  const { weights } = qualityWeights(first, second, direction, { sharpness: 4 });
  const loss = negativeCosineSimilarity(prediction, target, { weights });
  const [gradient, none] = gradients(loss, [prediction, first]);
  assertEquals(none, undefined);
  const [, views, way] = CASES[2]!;
  const found = await runGraph({ loss, gradient: gradient! }, {
    prediction: hashedTensor("prediction", [8, 16]),
    target: hashedTensor("target", [8, 16]),
    first: views[0]!,
    second: views[1]!,
    direction: way,
  });
  assert(largestDifference(found["loss"]!, golden.get("loss")!) <= 1e-6);
  assert(largestDifference(found["gradient"]!, golden.get("gradient")!) <= 1e-6);
});

Deno.test("qualityWeights() names shapes that do not fit", () => {
  const tokens = input("tokens", "float32", [2, 4, 3]);
  const other = input("other", "float32", [2, 4, 5]);
  const direction = input("direction", "float32", [3]);
  assertThrows(
    () => qualityWeights(tokens, other, direction),
    RangeError,
    "found [2,4,3], [2,4,5], [3]",
  );
});
