import { assertEquals, assertThrows } from "@std/assert";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import { withVariations } from "../../../core/data/pairing.ts";
import { dataset, filesOf, namesOf, variations } from "./three_animals.ts";

Deno.test("withVariations() leaves samples without variations as they are", () => {
  const varied = withVariations(dataset, variations);
  assertEquals(varied.coverage, { matched: 2, total: 3, samplesByCount: [1, 2] });
  assertEquals(namesOf(varied), [[], ["cat/2.png"], ["dog/1.png"]]);
  assertEquals(varied.classes, ["cat", "dog"]);
});

Deno.test("withVariations() leaves out samples without variations if told so", () => {
  const varied = withVariations(dataset, variations, { missing: "skip" });
  assertEquals(varied.length, 2);
  assertEquals(varied.sample(0).key, "cat/2.jpg");
  assertEquals(varied.coverage, { matched: 2, total: 3, samplesByCount: [1, 2] });
});

Deno.test("withVariations() finds partners by class and name, wherever the trees begin", () => {
  const files = filesOf("a/train/cat/1.jpg", "b/cat/1.png", "train/dog/1/0.png", "dog/2.png");
  assertThrows(() => withVariations(dataset, filesOf("train/cat/1.jpg")), TypeError, "class-name");
  const varied = withVariations(dataset, files, { key: "class-name" });
  assertEquals(namesOf(varied), [
    ["a/train/cat/1.jpg", "b/cat/1.png"],
    [],
    ["train/dog/1/0.png"],
  ]);
});

Deno.test("withVariations() rejects missing variations if told so, and files that match nothing", () => {
  assertThrows(
    () => withVariations(dataset, variations, { missing: "error" }),
    TypeError,
    'every sample must have one, found none for "cat/1.jpg"',
  );
  assertThrows(
    () => withVariations(dataset, filesOf("horse/1.png")),
    TypeError,
    "found horse/1.png and no match for cat/1.jpg",
  );
});

/** A data set of images by their keys. */
function imagesOf(...keys: string[]) {
  return datasetOf("images", keys.length, (index) => {
    const key = keys[index]!;
    return { key, source: fileSource(key) };
  });
}

Deno.test("withVariations() gives images that differ in their extension those of their own name", () => {
  const images = imagesOf("a/x.jpg", "a/x.png", "a/y.jpg");
  const both = filesOf("a/x.jpg", "a/x.png", "a/y.webp");
  const own = [["a/x.jpg"], ["a/x.png"], ["a/y.webp"]];
  assertEquals(namesOf(withVariations(images, both)), own);
  assertEquals(namesOf(withVariations(images, both, { key: "class-name" })), own);
  assertEquals(namesOf(withVariations(images, filesOf("a/x.jpg"))), [["a/x.jpg"], [], []]);
});

Deno.test("withVariations() gives an image that stands alone that of its own name, or all others", () => {
  const images = imagesOf("a/x.jpg");
  assertEquals(namesOf(withVariations(images, filesOf("a/x.jpg", "a/x.png"))), [["a/x.jpg"]]);
  assertEquals(namesOf(withVariations(images, filesOf("a/x.png", "a/x.webp", "a/x/0.png"))), [
    ["a/x.png", "a/x.webp", "a/x/0.png"],
  ]);
  assertEquals(namesOf(withVariations(imagesOf("a/x.jpg", "a/x.jpg"), filesOf("a/x.png"))), [
    ["a/x.png"],
    ["a/x.png"],
  ]);
});

Deno.test("withVariations() leaves the variations of images in a folder to them", () => {
  const keys = ["a/x.png", "a/x/0.png", "a/x/1.png"];
  const nested = datasetOf("nested", 3, (i) => ({ key: keys[i]!, source: fileSource(keys[i]!) }));
  assertEquals(namesOf(withVariations(nested, filesOf(...keys))), keys.map((key) => [key]));
  const several = filesOf("a/x/0.png", "a/x/2.png");
  const two = datasetOf("two", 2, (i) => nested.sample(i));
  assertThrows(
    () => withVariations(two, several),
    TypeError,
    'found a/x/0.png, which may be that of "a/x.png" or of "a/x/0.png"',
  );
  // The very name of the other image leaves no doubt, where nothing else speaks for several variations of the first.
  assertEquals(namesOf(withVariations(two, filesOf("a/x/0.png"))), [[], ["a/x/0.png"]]);
  assertThrows(() => withVariations(two, filesOf("a/x/0.jpg")), TypeError, "found a/x/0.jpg");
  // In another format, each still has one that lies where its image does.
  assertEquals(namesOf(withVariations(two, filesOf("a/x.jpg", "a/x/0.jpg"))), [
    ["a/x.jpg"],
    ["a/x/0.jpg"],
  ]);
  // By class and name, a folder of the name belongs to it wherever it lies.
  assertEquals(
    namesOf(withVariations(two, filesOf("t/a/x.png", "t/x/0.png"), { key: "class-name" })),
    [["t/a/x.png"], ["t/x/0.png"]],
  );
});

Deno.test("withVariations() names both images that a variation may belong to", () => {
  for (const ambiguous of ["a/x.webp", "a/x/0.png"]) {
    assertThrows(
      () => withVariations(imagesOf("a/x.jpg", "a/x.png"), filesOf(ambiguous)),
      TypeError,
      `found ${ambiguous}, which may be that of "a/x.jpg" or of "a/x.png"`,
    );
  }
  const trees = imagesOf("train/a/x.jpg", "val/a/x.jpg");
  assertThrows(
    () => withVariations(trees, filesOf("a/x.jpg"), { key: "class-name" }),
    TypeError,
    'that of "train/a/x.jpg" or of "val/a/x.jpg"',
  );
});
