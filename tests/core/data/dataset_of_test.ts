import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import { UnreadableImageError } from "../../../core/data/decode/unreadable_image_error.ts";

const letters = datasetOf("letters", 3, (index) => ({
  key: "abc"[index]!,
  source: fileSource(`${index}.png`),
}), ["a", "b", "c"]);

Deno.test("datasetOf() makes samples when they are asked for", () => {
  assertEquals(letters.length, 3);
  assertEquals(letters.classes, ["a", "b", "c"]);
  assertEquals(letters.sample(2).key, "c");
});

Deno.test("datasetOf() rejects indices outside the data set", () => {
  for (const index of [-1, 3, 0.5, NaN]) {
    assertThrows(
      () => letters.sample(index),
      RangeError,
      `Cannot give a sample of "letters": the index must be an integer in [0, 3), found ${index}`,
    );
  }
});

Deno.test("fileSource() reads the file only when asked", async () => {
  const source = fileSource("no such file.png");
  assertEquals(source.name, "no such file.png");
  await assertRejects(() => source.read(), UnreadableImageError, "no such file");
});
