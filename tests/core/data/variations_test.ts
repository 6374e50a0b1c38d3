import { assert, assertEquals } from "@std/assert";
import {
  chooseVariation,
  openVariationFolder,
  openVariationList,
} from "../../../core/data/variations.ts";
import { withVariations } from "../../../core/data/pairing.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { dataset, namesOf, variations } from "./three_animals.ts";

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
