import { assertEquals, assertRejects } from "@std/assert";
import { readMatRecords } from "../../../core/files/mat_struct.ts";

const file = (name: string) =>
  Deno.readFile(new URL(`../../../fixtures/golden/${name}.mat`, import.meta.url));

Deno.test("readMatRecords() reads the numbers and texts of records, compressed or not", async () => {
  for (const name of ["imagenet_devkit", "imagenet_devkit_plain"]) {
    const records = await readMatRecords(await file(name), name, "synsets");
    assertEquals(records.length, 6);
    assertEquals(records[3], {
      ILSVRC2012_ID: 4,
      WNID: "n01440764",
      words: "tench, Tinca tinca",
      gloss: "a gloss",
      num_children: 0,
      wordnet_height: 0,
      num_train_images: 1300,
    });
    assertEquals(records[4]!["children"], undefined);
  }
});

Deno.test("readMatRecords() says what is wrong with a file", async () => {
  const bytes = await file("imagenet_devkit_plain");
  const packed = await file("imagenet_devkit");
  const torn = packed.slice();
  torn.fill(0xff, 160, 200);
  for (
    const [content, variable, found] of [
      [bytes, "others", 'it has no array of structures "others"'],
      [bytes.slice(0, 130), "synsets", "it ends within an element"],
      [bytes.slice(0, 300), "synsets", "an element ends at byte "],
      [torn, "synsets", "a variable cannot be inflated"],
      [new Uint8Array(200), "synsets", "it does not begin as a MATLAB file"],
    ] as const
  ) {
    await assertRejects(() => readMatRecords(content, "meta.mat", variable), SyntaxError, found);
  }
});
