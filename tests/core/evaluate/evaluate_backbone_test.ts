import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Dataset, decodeSource, UnreadableImageError } from "../../../core/data/mod.ts";
import {
  checkEvaluation,
  evaluateBackbone,
  evaluatePixels,
} from "../../../core/evaluate/evaluate_backbone.ts";
import { findOverlap } from "../../../core/evaluate/overlap.ts";
import { linearProbe } from "../../../core/evaluate/linear_probe.ts";
import { colors, placedBackbone, RECIPE } from "./colored_images.ts";

Deno.test("evaluateBackbone() compares classes by name, for neighbours and for a probe", async () => {
  using stack = new DisposableStack();
  const bank = colors("bank", ["blue", "green", "red"]);
  const queries = colors("queries", ["red"]);
  const network = placedBackbone(stack);
  const found = await evaluateBackbone(network, { bank, queries, recipe: RECIPE, knn: { k: 2 } });
  assertEquals(found.knn.top1, 1);
  assertEquals([...found.queries.labels], [2, 2]);
  const probe = await linearProbe(found.bank, found.queries, { standardize: true });
  assertEquals(probe.top1, 1);
  await assertRejects(
    () => evaluateBackbone(network, { bank: queries, queries: bank, recipe: RECIPE }),
    TypeError,
    'found "blue", "green"',
  );
});

Deno.test("evaluateBackbone() takes as many neighbours as there are, or as are asked for", async () => {
  using stack = new DisposableStack();
  const bank = colors("bank", ["green", "red"], { each: 3 });
  const evaluation = { bank, queries: bank, recipe: RECIPE };
  const { knn } = await evaluateBackbone(placedBackbone(stack), evaluation);
  assertEquals(knn.k, 5);
  const overlap = await findOverlap(bank, bank);
  assertThrows(
    () => checkEvaluation({ ...evaluation, knn: { k: 6 } }, overlap),
    RangeError,
    "k must be an integer in [1, 5], found 6",
  );
});

/** The same data set with a file that is no image in the place of the first image. */
function damaged(dataset: Dataset): Dataset {
  const source = {
    kind: "encoded",
    name: "damaged.png",
    read: () => Promise.resolve(new Uint8Array(8)),
  } as const;
  const sample = (index: number) => ({
    ...dataset.sample(index),
    ...(index === 0 && { source }),
  });
  return { ...dataset, sample };
}

Deno.test("evaluateBackbone() names and counts the images that it cannot read, or stops at one", async () => {
  using stack = new DisposableStack();
  const [bank, queries] = ["bank", "queries"].map((name) =>
    damaged(colors(name, ["green", "red"]))
  );
  const network = placedBackbone(stack);
  const warnings: string[] = [];
  const evaluation = {
    bank: bank!,
    queries: queries!,
    recipe: RECIPE,
    onWarning: (message: string) => void warnings.push(message),
  };
  const found = await evaluateBackbone(network, evaluation);
  assertEquals([found.bank.skipped, found.queries.skipped], [1, 1]);
  assertEquals([...found.queries.indices], [1, 2, 3]);
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!, 'Skipped the image "damaged.png"');
  await assertRejects(
    () => evaluateBackbone(network, { ...evaluation, strict: true }),
    UnreadableImageError,
    "damaged.png",
  );
  const nothing = damaged(colors("nothing", ["red"], { each: 1 }));
  await assertRejects(
    () =>
      evaluateBackbone(network, { ...evaluation, bank: nothing, queries: nothing, knn: { k: 1 } }),
    RangeError,
    "must have a row beside the query",
  );
  await assertRejects(
    () => evaluateBackbone(network, { ...evaluation, queries: nothing }),
    TypeError,
    'Cannot take features of "nothing": it must hold images that can be read, found none among 1',
  );
});

Deno.test("evaluateBackbone() retrieves where both sets have things in common, and no image", async () => {
  using stack = new DisposableStack();
  const network = placedBackbone(stack);
  const named = (name: string, prefix: string): Dataset => {
    const images = colors(name, ["green", "red"]);
    const sample = (index: number) => ({ ...images.sample(index), identity: `${prefix}${index}` });
    return { ...images, sample };
  };
  const found = async (bank: Dataset, queries: Dataset) =>
    (await evaluateBackbone(network, { bank, queries, recipe: RECIPE })).retrieval?.forward.queries;
  assertEquals(await found(named("bank", "a"), named("queries", "a")), 4);
  assertEquals(await found(named("bank", "a"), named("queries", "b")), undefined);
  assertEquals(await found(named("bank", "a"), named("bank", "a")), undefined);
});

Deno.test("evaluatePixels() classifies by normalised pixels, and refuses what a backbone does", async () => {
  const [bank, queries] = ["bank", "queries"].map((name) =>
    colors(name, ["green", "red"], { each: 2 })
  );
  const { knn, bank: { features } } = await evaluatePixels({
    bank: bank!,
    queries: queries!,
    recipe: RECIPE,
  });
  const { size, normalize: { mean, std } } = RECIPE;
  assertEquals([knn.top1, features.shape], [1, [4, 3 * size * size]]);
  // The mean over all of one channel is the colour's, normalised.
  const image = (await decodeSource(bank!.sample(0).source)).data;
  const expected = (image[1]! / 255 - mean[1]) / std[1];
  assertEquals(Math.abs(features.data[1]! - expected) < 1e-5, true);
  const fewer = colors("fewer", ["red"]);
  await assertRejects(
    () => evaluatePixels({ bank: fewer, queries: bank!, recipe: RECIPE }),
    TypeError,
    'found "green"',
  );
});
