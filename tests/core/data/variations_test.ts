import { assert, assertEquals } from "@std/assert";
import {
  chooseVariations,
  openVariationFolder,
  openVariationList,
} from "../../../core/data/variations.ts";
import { withVariations } from "../../../core/data/pairing.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { dataset, filesOf, namesOf, variations } from "./three_animals.ts";

Deno.test("folders and lists of variations are opened", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/cat/2`, { recursive: true });
    for (const path of ["cat/1.png", "cat/2/a.png", "cat/2/b.png"]) {
      await Deno.writeFile(`${root}/${path}`, new Uint8Array());
    }
    await Deno.writeTextFile(
      `${root}/train_variations.txt`,
      "\uFEFF./cat/1.png\n\ncat/2/./b.png\n",
    );
    const inFolder = withVariations(dataset, await openVariationFolder(root));
    assertEquals(namesOf(inFolder), [
      [`${root}/cat/1.png`],
      [`${root}/cat/2/a.png`, `${root}/cat/2/b.png`],
      [],
    ]);
    const listed = withVariations(
      dataset,
      await openVariationList(`${root}/train_variations.txt`),
    );
    assertEquals(namesOf(listed), [[`${root}/cat/1.png`], [`${root}/cat/2/b.png`], []]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("chooseVariations() replaces at most one view unless more are asked for, each as often", () => {
  const sample = withVariations(dataset, variations).sample(1);
  const counts = [0, 0, 0];
  for (let i = 0; i < 3000; i++) {
    const [chosen, ...others] = chooseVariations(sample, 3, {}, new RandomStream(0, i));
    assert(chosen !== undefined);
    assertEquals(others, []);
    counts[chosen.view]!++;
  }
  for (const count of counts) assert(Math.abs(count - 1000) < 100, `found ${counts}`);
});

Deno.test("chooseVariations() keeps to the views and the probability that it is given", () => {
  const sample = withVariations(dataset, variations).sample(1);
  let replaced = 0;
  for (let i = 0; i < 2000; i++) {
    const options = { probability: 0.25, views: [0, 2] };
    const [chosen] = chooseVariations(sample, 4, options, new RandomStream(1, i));
    if (chosen) {
      assert(chosen.view === 0 || chosen.view === 2);
      replaced++;
    }
  }
  assert(Math.abs(replaced - 500) < 80, `found ${replaced}`);
  assertEquals(chooseVariations(dataset.sample(0), 2, {}, new RandomStream(0)), []);
});

Deno.test("chooseVariations() takes several views, each of another variation, as far as they reach", () => {
  const files = filesOf("cat/2/a.png", "cat/2/b.png", "cat/2/c.png", "dog/1.png");
  const paired = withVariations(dataset, files);
  assertEquals(paired.coverage, { matched: 2, total: 3, samplesByCount: [1, 1, 0, 1] });
  const options = { views: [1, 2, 3], count: 2 };
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const chosen = chooseVariations(paired.sample(1), 4, options, new RandomStream(0, i));
    const views = chosen.map(({ view }) => view);
    assertEquals([new Set(views).size, new Set(chosen.map((one) => one.variation)).size], [2, 2]);
    assert(views.every((view) => view >= 1));
    seen.add(JSON.stringify(chosen));
    const only = chooseVariations(paired.sample(2), 4, options, new RandomStream(0, i));
    assertEquals(only.map(({ variation }) => variation), [0]);
  }
  // Three views times three variations, then two times two.
  assertEquals(seen.size, 36);
});
