import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { parseClassList, readClassList } from "../../../core/data/class_list.ts";
import type { Dataset } from "../../../core/data/dataset.ts";
import { bankLabels } from "../../../core/evaluate/bank_labels.ts";
import { openData, openEvaluationData } from "../../../core/data/open_data.ts";
import { withFolder } from "../backbones/clip_golden.ts";

type Path = (name: string) => string;

/** A data set in ImageNet's layout: three classes in train, and a flat val with the files of others beside it. */
async function imageNet(path: Path, texts: Readonly<Record<string, string>>): Promise<void> {
  const images = [
    ...["n01", "n02", "n03"].flatMap((name) => [`train/${name}/${name}_1.JPEG`]),
    ...["val/val_1.JPEG", "val/val_2.JPEG"],
  ];
  for (const image of images) texts = { ...texts, [image]: "" };
  for (const [name, text] of Object.entries(texts)) {
    await Deno.mkdir(dirname(path(name)), { recursive: true });
    await Deno.writeTextFile(path(name), text);
  }
}

/** Key, label and file of each sample. */
function samplesOf(dataset: Dataset) {
  return Array.from({ length: dataset.length }, (_, i) => {
    const { key, label, source } = dataset.sample(i);
    return [key, label, source.name];
  });
}

for (const list of ["val.txt", "meta/val.txt"]) {
  Deno.test(`openEvaluationData() labels a flat val by ${list}, and takes that list itself`, () =>
    withFolder(async (path) => {
      await imageNet(path, { [list]: "val_2.JPEG 0\nval_1.JPEG 2\n" });
      for (const queries of [path("val"), `${path("val")}/`, path(list)]) {
        const [bank, found] = await openEvaluationData(path("train"), queries);
        assertEquals(bank.classes, ["n01", "n02", "n03"]);
        assertEquals(found.classes, bank.classes);
        const files = samplesOf(found).map(([key, label, file]) => [
          key,
          label,
          Deno.realPathSync(String(file)),
        ]);
        assertEquals(files, [
          ["val_2.JPEG", 0, path("val/val_2.JPEG")],
          ["val_1.JPEG", 2, path("val/val_1.JPEG")],
        ]);
      }
    }));
}

Deno.test("openEvaluationData() takes names of the bank's classes as labels", () =>
  withFolder(async (path) => {
    await imageNet(path, { "val.txt": "val_2.JPEG n03\nval_1.JPEG\tn01\n" });
    const [, queries] = await openEvaluationData(path("train"), path("val"));
    assertEquals(samplesOf(queries).map(([, label]) => label), [2, 0]);
    await Deno.writeTextFile(path("val.txt"), "val_2.JPEG\tn04\nval_1.JPEG 3\n");
    const error = await assertRejects(
      () => openEvaluationData(path("train"), path("val")),
      SyntaxError,
    );
    assertStringIncludes(error.message, path("val.txt"));
    assertStringIncludes(
      error.message,
      `line 1: its label must be a whole number or a class of ${path("train")}, found "n04"; ` +
        `line 2: its label must be one of the 3 classes of ${
          path("train")
        }, counted from 0, found 3; write names of classes where the list counts others`,
    );
  }));

Deno.test("openEvaluationData() opens the classes of a list, in its order", () =>
  withFolder(async (path) => {
    await imageNet(path, { "two.txt": "n03\nn01\n", "val.txt": "val_1.JPEG 1\nval_2.JPEG n03\n" });
    const classes = await readClassList(path("two.txt"));
    const [bank, queries] = await openEvaluationData(path("train"), path("val"), { classes });
    assertEquals(bank.classes, ["n03", "n01"]);
    assertEquals(samplesOf(bank).map(([key, label]) => [key, label]), [
      ["n03/n03_1.JPEG", 0],
      ["n01/n01_1.JPEG", 1],
    ]);
    assertEquals(samplesOf(queries).map(([, label]) => label), [1, 0]);
    assertEquals((await openData(path("train"), { classes })).length, 2);
    await Deno.writeTextFile(path("two.txt"), "n03\n\nn04\nn05\n");
    const other = await readClassList(path("two.txt"));
    await assertRejects(
      () => openEvaluationData(path("train"), path("val"), { classes: other }),
      TypeError,
      `each class of ${
        path("two.txt")
      } must have its folder, found none for "n04" (line 3), "n05" (line 4)`,
    );
  }));

Deno.test("openEvaluationData() takes numbers and names of all classes of the bank, where they are beyond those of a list", () =>
  withFolder(async (path) => {
    await imageNet(path, { "val/val_3.JPEG": "", "two.txt": "n03\nn01\n" });
    const classes = await readClassList(path("two.txt"));
    const open = async (labels: readonly string[]) => {
      const lines = labels.map((label, i) => `val_${i + 1}.JPEG ${label}\n`);
      await Deno.writeTextFile(path("val.txt"), lines.join(""));
      const [, queries] = await openEvaluationData(path("train"), path("val"), { classes });
      assertEquals(queries.classes, ["n03", "n01"]);
      return samplesOf(queries).map(([key, label]) => [key, label]);
    };
    assertEquals(await open(["0", "1", "2"]), [["val_1.JPEG", 1], ["val_3.JPEG", 0]]);
    assertEquals(await open(["n01", "n02", "n03"]), [["val_1.JPEG", 1], ["val_3.JPEG", 0]]);
    assertEquals(await open(["0", "1", "1"]), [["val_1.JPEG", 0], ["val_2.JPEG", 1], [
      "val_3.JPEG",
      1,
    ]]);
    await assertRejects(
      () => open(["0", "1", "3"]),
      SyntaxError,
      `its label must be one of the 3 classes of ${
        path("train")
      }, counted from 0, found 3; write names of classes where the list counts others`,
    );
    await Deno.remove(path("train/n02"), { recursive: true });
    await assertRejects(
      () => open(["0", "1", "2"]),
      SyntaxError,
      "its label must be one of the 2 classes of",
    );
  }));

Deno.test("openEvaluationData() labels a flat val by the development kit", () =>
  withFolder(async (path) => {
    const mat = new URL("../../../fixtures/golden/imagenet_devkit.mat", import.meta.url);
    for (const data of ["ILSVRC2012_devkit_t12/data", "."]) {
      await imageNet(path, {
        [`${data}/ILSVRC2012_validation_ground_truth.txt`]: "4\n1\n",
        "train/n02119789/x.JPEG": "",
        "train/n01440764/x.JPEG": "",
      });
      await Deno.copyFile(mat, path(`${data}/meta.mat`));
      const [bank, queries] = await openEvaluationData(path("train"), path("val"));
      assertEquals(
        samplesOf(queries).map(([key, label]) => [key, queries.classes![Number(label)]]),
        [
          ["val_1.JPEG", "n01440764"],
          ["val_2.JPEG", "n02119789"],
        ],
      );
      assertEquals([...bankLabels(bank, queries)], [[0, 1], [3, 3]]);
      const classes = parseClassList("n02119789\n", "one.txt");
      const [one, part] = await openEvaluationData(path("train"), path("val"), { classes });
      assertEquals(samplesOf(part).map(([key, label]) => [key, label]), [["val_2.JPEG", 0]]);
      assertEquals([...bankLabels(one, part)], [[0, 0]]);
      await Deno.remove(path(data === "." ? "meta.mat" : "ILSVRC2012_devkit_t12"), {
        recursive: true,
      });
    }
    await assertRejects(
      () => openEvaluationData(path("train"), path("val")),
      Deno.errors.NotFound,
      "meta.mat",
    );
  }));

Deno.test("openEvaluationData() takes emoji of listed classes, and names lines of classes that there are not", async () => {
  const all = await openData("emoji-twitter");
  const chosen = [all.classes![3]!, all.classes![1]!];
  const classes = parseClassList(chosen.join("\n"), "emoji.txt");
  const [bank] = await openEvaluationData("emoji-twitter", "emoji-google", { classes });
  assertEquals(bank.classes, chosen);
  const count = (dataset: Dataset, label: number) =>
    samplesOf(dataset).filter(([, found]) => found === label).length;
  assertEquals([count(bank, 0), count(bank, 1)], [count(all, 3), count(all, 1)]);
  await assertRejects(
    () =>
      openEvaluationData("emoji-twitter", "emoji-twitter", {
        classes: parseClassList(`${chosen[0]}\n\nn04`, "emoji.txt"),
      }),
    TypeError,
    'each class of emoji.txt must be one of its 9, such as "Smileys & Emotion", found "n04" (line 3)',
  );
});

Deno.test("a flat folder has no labels without a list, and in training none with one", () =>
  withFolder(async (path) => {
    await imageNet(path, {});
    const [, queries] = await openEvaluationData(path("train"), path("val"));
    assertEquals(samplesOf(queries).map(([, label]) => label), [undefined, undefined]);
    await Deno.writeTextFile(path("val.txt"), "val_1.JPEG 1\n");
    assertEquals(samplesOf(await openData(path("val"))).map(([, label]) => label), [
      undefined,
      undefined,
    ]);
  }));

Deno.test("openData() refuses a folder of parts, and a list whose images are nowhere", () =>
  withFolder(async (path) => {
    await imageNet(path, { "set/meta/val.txt": "gone.JPEG 1\n" });
    await Deno.mkdir(path("parts"));
    for (const part of ["train", "val"]) await Deno.rename(path(part), path(`parts/${part}`));
    await assertRejects(
      () => openData(path("parts")),
      TypeError,
      `found train, val, which are parts of a data set; name one of them, such as ${
        path("parts/train")
      }`,
    );
    await assertRejects(
      () => openData(path("set/meta/val.txt")),
      TypeError,
      `found no file "${path("set/meta/gone.JPEG")}" (line 1), nor any of them below ${
        path("set/meta/val")
      } or ${path("set/val")}`,
    );
  }));
