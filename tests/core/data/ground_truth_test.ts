import { assertEquals, assertRejects } from "@std/assert";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import { withGroundTruth } from "../../../core/data/ground_truth.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import golden from "../../../fixtures/golden/imagenet_devkit.json" with { type: "json" };

const images = datasetOf("val", golden.labels.length, (i) => ({
  key: `${i}.JPEG`,
  source: fileSource(`${i}.JPEG`),
}));

for (const file of ["imagenet_devkit", "imagenet_devkit_plain"]) {
  Deno.test(`withGroundTruth() labels images as torchvision reads the kit, ${file}`, () =>
    withFolder(async (path) => {
      const mat = new URL(`../../../fixtures/golden/${file}.mat`, import.meta.url);
      await Deno.copyFile(mat, path("meta.mat"));
      await Deno.writeTextFile(path("labels.txt"), golden.labels.join("\n") + "\n");
      const labelled = await withGroundTruth(images, path("labels.txt"));
      assertEquals(labelled.classes, ["n01440764", "n02100735", "n02110185", "n02119789"]);
      const found = golden.labels.map((_, i) => labelled.classes![labelled.sample(i).label!]);
      assertEquals(found, golden.wnids);
    }));
}

Deno.test("withGroundTruth() names the file and the line of what is wrong", () =>
  withFolder(async (path) => {
    const mat = new URL("../../../fixtures/golden/imagenet_devkit.mat", import.meta.url);
    await Deno.copyFile(mat, path("meta.mat"));
    const list = path("labels.txt");
    for (
      const [text, found] of [
        // The fifth synset has children.
        ["1\n5\n", 'of one of the 4 classes, found "5" (line 2)'],
        ["1\n\n2\n", 'found "" (line 2)'],
        ["n02119789\n", 'found "n02119789" (line 1)'],
      ] as const
    ) {
      await Deno.writeTextFile(list, text);
      await assertRejects(() => withGroundTruth(images, list), SyntaxError, found);
    }
    await Deno.writeTextFile(list, "1\n2\n");
    await assertRejects(
      () => withGroundTruth(images, list),
      TypeError,
      "it must have a line for each of the 7 images, found 2",
    );
    await Deno.writeTextFile(path("meta.mat"), "no MATLAB file");
    await assertRejects(
      () => withGroundTruth(images, list),
      SyntaxError,
      `Cannot read ${path("meta.mat")}: it does not begin as a MATLAB file of version 5 does`,
    );
  }));
