import { assertEquals, assertRejects } from "@std/assert";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import type { Dataset } from "../../../core/data/dataset.ts";
import { labelledShare, readLabelledList } from "../../../core/evaluate/labelled_share.ts";
import { supervisedData } from "../../../core/evaluate/supervised_data.ts";
import { withFolder } from "../backbones/clip_golden.ts";

function photos(classes: readonly string[], each: number, folder = "photos"): Dataset {
  return datasetOf(folder, classes.length * each, (i) => {
    const label = Math.floor(i / each);
    const key = `${classes[label]}/${classes[label]}_${i % each}.jpg`;
    return { key, source: fileSource(`/${folder}/${key}`), label };
  }, classes);
}

const keys = (dataset: Dataset) =>
  Array.from({ length: dataset.length }, (_, i) => dataset.sample(i).key);

Deno.test("supervisedData() numbers classes alike, by name", async () => {
  const bank = photos(["cat", "cow", "dog"], 3);
  const queries = photos(["dog", "cat"], 2, "others");
  const data = await supervisedData({ bank, queries });
  assertEquals([data.split, data.classes], ["separate", 3]);
  assertEquals([0, 1, 2].map(data.trainClass), [0, 1, 2]);
  assertEquals([0, 1].map(data.testClass), [2, 0]);
  assertEquals(data.chance.balanced, 1 / 3);
  await assertRejects(() => supervisedData({ bank: queries, queries: bank }), TypeError, '"cow"');
});

Deno.test("supervisedData() never tests an image that it trains on", async () => {
  const bank = photos(["cat", "dog"], 4);
  const part = photos(["cat", "dog"], 2);
  const data = await supervisedData({ bank, queries: part });
  assertEquals(data.split, "test images left out");
  assertEquals([data.train.length, data.test.length], [4, 4]);
  const held = await supervisedData({ bank, queries: bank, heldOutShare: 0.25 });
  assertEquals([held.split, held.train.length, held.test.length], ["held out", 6, 2]);
  const [trained, tested] = [keys(held.train), keys(held.test)];
  assertEquals(tested.filter((key) => trained.includes(key)), []);
  await assertRejects(
    () => supervisedData({ bank, queries: bank, labelled: () => [] }),
    TypeError,
    "images must be left for both, found 0 and 2",
  );
});

Deno.test("labelledShare() takes the same share of each class, the same for a seed", () => {
  const bank = photos(["cat", "dog", "owl"], 40);
  const chosen = labelledShare(bank, { share: 0.1, seed: 5 });
  const labels = chosen.map((index) => bank.sample(index).label!);
  assertEquals(labels, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  assertEquals(labelledShare(bank, { share: 0.1, seed: 5 }), chosen);
  assertEquals(labelledShare(bank, { share: 0.001 }).length, 3);
  assertEquals(labelledShare(bank, { share: 1 }).length, 120);
  const other = labelledShare(bank, { share: 0.1, seed: 6 });
  assertEquals(other.length === 12 && other.some((index, i) => index !== chosen[i]), true);
});

Deno.test("readLabelledList() chooses images by name, with or without their folder", () =>
  withFolder(async (path) => {
    const bank = photos(["cat", "dog"], 3);
    const file = path("few.txt");
    await Deno.writeTextFile(file, "# few\ndog_1.jpg\ncat/cat_2.jpg 0\n\ndog_1.jpg\n");
    assertEquals((await readLabelledList(file))(bank), [2, 4]);
    await Deno.writeTextFile(file, "dog_1.jpg\ndog_7.jpg\n");
    const choose = await readLabelledList(file);
    await assertRejects(
      () => Promise.resolve().then(() => choose(bank)),
      TypeError,
      'that is trained on, found "dog_7.jpg" (line 2)',
    );
    const twins = datasetOf("twins", 2, (i) => {
      const key = `${["cat", "dog"][i]}/0.jpg`;
      return { key, source: fileSource(key), label: i };
    });
    await Deno.writeTextFile(file, "# few\ncat/0.jpg\n0.jpg\n");
    const ambiguous = await readLabelledList(file);
    await assertRejects(
      () => Promise.resolve().then(() => ambiguous(twins)),
      TypeError,
      'found "0.jpg" (line 3), which may be cat/0.jpg or dog/0.jpg',
    );
    await assertRejects(() => readLabelledList(path("none")), Deno.errors.NotFound);
  }));
