import { assert, assertEquals, assertThrows } from "@std/assert";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import { chooseVariation, listVariations, withVariations } from "../../../core/data/variations.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";

const dataset = datasetOf("animals", 3, (index) => {
  const key = ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"][index]!;
  return { key, source: fileSource(key), label: Number(index > 1) };
}, ["cat", "dog"]);

const variations = new Map([["cat/2", [fileSource("2.png")]], ["dog/1", [fileSource("1.png")]]]);

Deno.test("listVariations() finds files of a sample's name and folders of them", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/cat/2`, { recursive: true });
    for (const path of ["cat/1.png", "cat/2/a.png", "cat/2/b.png"]) {
      await Deno.writeFile(`${root}/${path}`, new Uint8Array());
    }
    const found = await listVariations(root);
    assertEquals(found.get("cat/1")?.map(({ name }) => name), [`${root}/cat/1.png`]);
    assertEquals(found.get("cat/2")?.length, 2);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("withVariations() leaves samples without variations as they are", () => {
  const varied = withVariations(dataset, variations);
  assertEquals(varied.coverage, { matched: 2, total: 3 });
  assertEquals([0, 1, 2].map((i) => varied.sample(i).variations?.[0]?.name), [
    undefined,
    "2.png",
    "1.png",
  ]);
  assertEquals(varied.classes, ["cat", "dog"]);
});

Deno.test("withVariations() leaves out samples without variations if told so", () => {
  const varied = withVariations(dataset, variations, "skip");
  assertEquals(varied.length, 2);
  assertEquals(varied.sample(0).key, "cat/2.jpg");
  assertEquals(varied.coverage, { matched: 2, total: 3 });
});

Deno.test("withVariations() rejects missing variations if told so, and a folder that matches nothing", () => {
  assertThrows(
    () => withVariations(dataset, variations, "error"),
    TypeError,
    'every sample must have one, found none for "cat/1.jpg"',
  );
  assertThrows(
    () => withVariations(dataset, new Map([["horse/1", [fileSource("x")]]])),
    TypeError,
    "found no match among 1",
  );
});

Deno.test("chooseVariation() replaces at most one view, each as often", () => {
  const sample = withVariations(dataset, variations).sample(1);
  const counts = [0, 0, 0];
  for (let i = 0; i < 3000; i++) {
    const chosen = chooseVariation(sample, 3, {}, new RandomStream(0, i));
    assert(chosen !== undefined);
    counts[chosen.view]!++;
  }
  for (const count of counts) assert(Math.abs(count - 1000) < 100, `found ${counts}`);
});

Deno.test("chooseVariation() keeps to the views and the probability that it is given", () => {
  const sample = withVariations(dataset, variations).sample(1);
  let replaced = 0;
  for (let i = 0; i < 2000; i++) {
    const options = { probability: 0.25, views: [0, 2] };
    const chosen = chooseVariation(sample, 4, options, new RandomStream(1, i));
    if (chosen) {
      assert(chosen.view === 0 || chosen.view === 2);
      replaced++;
    }
  }
  assert(Math.abs(replaced - 500) < 80, `found ${replaced}`);
  assertEquals(chooseVariation(dataset.sample(0), 2, {}, new RandomStream(0)), undefined);
});
