import { assert, assertEquals, assertRejects } from "@std/assert";
import { sharp } from "../../../core/deps/sharp.ts";
import { filled, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { imageGrid } from "../../../core/plot/image_grid.ts";
import { pngSize } from "../../../core/plot/png_size.ts";

function filledImage(height: number, width: number, color: readonly number[]): Tensor<"uint8"> {
  const data = Uint8Array.from(
    { length: height * width * color.length },
    (_, i) => color[i % color.length]!,
  );
  return tensor("uint8", [height, width, color.length], data);
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** The colour at a place in units, of which each is two pixels. */
  at(x: number, y: number): number[];
}

async function pixelsOf(png: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => {
    const start = 3 * (2 * y * info.width + 2 * x);
    return [...data.subarray(start, start + 3)];
  };
  return { width: info.width, height: info.height, at };
}

Deno.test("imageGrid() puts images into rows, with margins and gaps", async () => {
  const colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
  const png = await imageGrid({ images: colors.map((c) => filledImage(60, 80, c)), columns: 2 });
  const { at } = await pixelsOf(png);
  assertEquals(pngSize(png), { width: 12 + 80 + 6 + 80 + 12, height: 12 + 60 + 6 + 60 + 12 });
  assertEquals(at(12, 12), [255, 0, 0]);
  assertEquals(at(91, 71), [255, 0, 0]);
  assertEquals(at(94, 40), [255, 255, 255]);
  assertEquals(at(98, 12), [0, 255, 0]);
  assertEquals(at(12, 78), [0, 0, 255]);
  assertEquals(at(98, 78), [255, 255, 255]);
});

Deno.test("imageGrid() keeps every pixel sharp at whole scales", async () => {
  const checks = tensor("uint8", [2, 2, 1], Uint8Array.of(0, 255, 255, 0));
  const { at } = await pixelsOf(await imageGrid({ images: [checks], columns: 1, scale: 30 }));
  assertEquals([at(12, 12), at(41, 12), at(42, 12), at(71, 41)], [
    ...[[0, 0, 0], [0, 0, 0], [255, 255, 255], [255, 255, 255]],
  ]);
  assertEquals([at(12, 42), at(42, 42), at(71, 71)], [[255, 255, 255], [0, 0, 0], [0, 0, 0]]);
});

Deno.test("imageGrid() centers smaller images and blends alpha with the paper", async () => {
  const images = [filledImage(100, 100, [9, 9, 9]), filledImage(40, 60, [0, 0, 0, 128])];
  const { at } = await pixelsOf(await imageGrid({ images, columns: 2 }));
  const left = 12 + 100 + 6;
  assertEquals(at(left + 10, 50), [255, 255, 255]);
  const [gray] = at(left + 50, 12 + 50);
  assert(Math.abs(gray! - 127) <= 1, `${gray}`);
  assertEquals(at(left + 50, 12 + 25), [255, 255, 255]);
});

Deno.test("imageGrid() makes room for labels and writes them", async () => {
  const images = Array.from({ length: 4 }, () => filledImage(64, 64, [255, 255, 255]));
  const plain = await imageGrid({ images, columns: 2 });
  const labelled = await imageGrid({
    images,
    columns: 2,
    columnLabels: ["image", "mask"],
    rowLabels: ["jar & <b>", "tench"],
    captions: ["1", "2", "3", "4"],
  });
  const [before, after] = [pngSize(plain), pngSize(labelled)];
  assertEquals(after.height, before.height + 21 + 2 * 21);
  assert(after.width > before.width + 40);
  const { data } = await sharp(labelled).greyscale().raw().toBuffer({ resolveWithObject: true });
  assert(data.filter((gray) => gray < 160).length > 300);
  const blank = await sharp(plain).greyscale().raw().toBuffer();
  assertEquals(blank.filter((gray) => gray < 160).length, 0);
});

Deno.test("imageGrid() rejects what is no image, and labels of another number", async () => {
  const image = filledImage(4, 4, [1, 2, 3]);
  await assertRejects(() => imageGrid({ images: [], columns: 1 }), RangeError, "found 0 in 1");
  await assertRejects(() => imageGrid({ images: [image], columns: 0 }), RangeError, "found 1 in 0");
  const flat = tensor("uint8", [4, 4], new Uint8Array(16));
  await assertRejects(
    () => imageGrid({ images: [image, flat], columns: 2 }),
    TypeError,
    "Cannot draw image 1 of a grid",
  );
  await assertRejects(
    () => imageGrid({ images: [image, image], columns: 2, captions: ["one"] }),
    RangeError,
    "must have 2 captions, found 1",
  );
  await assertRejects(
    () => imageGrid({ images: [image, image], columns: 2, rowLabels: ["one", "two"] }),
    RangeError,
    "must have 1 row labels, found 2",
  );
});

Deno.test("imageGrid() draws a border around each image, and none over it", async () => {
  const white = filled("uint8", [20, 20, 1], 255);
  const png = await imageGrid({ images: [white], columns: 1, scale: 3 });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const row = Math.floor(info.height / 2) * info.width * 3;
  const grays = Array.from({ length: info.width }, (_, x) => data[row + 3 * x]!);
  // Two pixels of border at either side of 120 white ones.
  assertEquals(grays.filter((gray) => gray < 220).length, 4);
  const [first, last] = [
    grays.findIndex((gray) => gray < 220),
    grays.findLastIndex((gray) => gray < 220),
  ];
  assertEquals(last - first + 1, 124);
  assertEquals(grays.slice(first + 2, last - 1).every((gray) => gray === 255), true);
});

Deno.test("imageGrid() without paper is transparent between its images, with the same layout", async () => {
  const grid = { images: [filled("uint8", [20, 20, 1], 255)], columns: 1, columnLabels: ["mask"] };
  const [paper, none] = [await imageGrid(grid), await imageGrid({ ...grid, paper: false })];
  assertEquals(pngSize(none), pngSize(paper));
  const { data, info } = await sharp(none).raw().toBuffer({ resolveWithObject: true });
  assertEquals([info.channels, data[3]], [4, 0]);
  const middle = 4 * (Math.floor(info.width / 2) + info.width * (info.height - 44));
  assertEquals([...data.subarray(middle, middle + 4)], [255, 255, 255, 255]);
});
