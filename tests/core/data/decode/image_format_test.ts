import { assertEquals, assertThrows } from "@std/assert";
import { sharp } from "../../../../core/deps/sharp.ts";
import { decodeCutout } from "../../../../core/data/decode/cutout.ts";
import { openImage } from "../../../../core/data/decode/encoded_image.ts";
import { requireImageFormat } from "../../../../core/data/decode/image_format.ts";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import { datasetOf } from "../../../../core/data/dataset_of.ts";
import { evaluationLoader } from "../../../../core/data/loader/evaluation_loader.ts";
import { evaluationView } from "../../../../core/data/views/presets.ts";

const SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>';

const OTHERS = [
  [SVG, "an SVG file"],
  ["%PDF-1.7\n", "a PDF file"],
  ["BM1234", "a BMP file"],
  ["version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"],
  ["<!DOCTYPE html><html></html>", "an HTML page"],
  ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF family other than AVIF"],
  ["P6 1 1 255 abc", "a file of another format"],
] as const;

for (const [text, found] of OTHERS) {
  Deno.test(`requireImageFormat() refuses ${found}`, () => {
    const bytes = new TextEncoder().encode(text);
    assertThrows(() => requireImageFormat(bytes, "x.png"), UnreadableImageError, found);
  });
}

Deno.test("no decoder is given an SVG, in this thread or in a worker", async () => {
  const bytes = new TextEncoder().encode(SVG);
  // sharp itself would read it.
  assertEquals((await sharp(bytes).metadata()).format, "svg");
  const errors = await Promise.all(
    [openImage(bytes, "x"), decodeCutout(bytes, "x")].map((opened) =>
      opened.catch((error) => error)
    ),
  );
  for (const error of errors) assertEquals(error.constructor, UnreadableImageError);
  const drawing = datasetOf("drawings", 1, () => ({
    key: "x.png",
    source: { kind: "encoded", name: "x.png", read: () => Promise.resolve(bytes) },
  }));
  const loader = evaluationLoader(drawing, evaluationView(8), { batchSize: 1, workers: 1 });
  await Array.fromAsync(loader);
  assertEquals(loader.statistics.skipped, 1);
});
