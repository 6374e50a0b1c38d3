import { assertEquals, assertRejects } from "@std/assert";
import { sharp } from "../../../core/deps/sharp.ts";
import { float32, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { imageMap } from "../../../core/plot/image_map.ts";
import { pngSize } from "../../../core/plot/png_size.ts";

function filledImage(color: readonly number[], height = 10, width = 10): Tensor<"uint8"> {
  const data = Uint8Array.from(
    { length: height * width * color.length },
    (_, i) => color[i % color.length]!,
  );
  return tensor("uint8", [height, width, color.length], data);
}

const [RED, GREEN, BLUE] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]] as const;

/** The colour and opacity at a place in units, of which each is two pixels. */
async function readerOf(png: Uint8Array): Promise<(x: number, y: number) => number[]> {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return (x, y) => {
    const start = 4 * (2 * y * info.width + 2 * x);
    return [...data.subarray(start, start + 4)];
  };
}

Deno.test("imageMap() puts images at their points, the second coordinate upwards", async () => {
  const png = await imageMap({
    images: [RED, GREEN, BLUE].map((color) => filledImage(color)),
    points: float32([3, 2], [0, 0, 10, 0, 10, 5]),
    ...{ size: 120, imageSize: 20 },
  });
  assertEquals(pngSize(png), { width: 120, height: 70 });
  const at = await readerOf(png);
  assertEquals(at(10, 60), [...RED, 255]);
  assertEquals(at(1, 51), [...RED, 255]);
  assertEquals(at(110, 60), [...GREEN, 255]);
  assertEquals(at(110, 10), [...BLUE, 255]);
  assertEquals(at(60, 35)[3], 0);
});

Deno.test("imageMap() leaves a dot of an image that others would cover", async () => {
  const points = float32([3, 2], [0, 0, 0.5, 0, 10, 0]);
  const images = [RED, GREEN, BLUE].map((color) => filledImage(color));
  const drawn = async (spacing: number) => {
    const at = await readerOf(
      await imageMap({ images, points, size: 120, imageSize: 20, spacing }),
    );
    return at(21, 10);
  };
  // Its middle is five units from the first's, of which each takes ten to every side.
  assertEquals(await drawn(0), [...GREEN, 255]);
  assertEquals((await drawn(1))[3], 0);
  const at = await readerOf(
    await imageMap({
      images: images.slice(0, 2),
      points: float32([2, 2], [0, 0, 1, 1]),
      size: 40,
      imageSize: 20,
      spacing: 2,
    }),
  );
  assertEquals(at(10, 30), [...RED, 255]);
  const dot = at(30, 10);
  assertEquals([dot[1]! < 255, dot[3]], [true, 255]);
});

Deno.test("imageMap() keeps the proportions of images, and takes gray and transparent ones", async () => {
  const png = await imageMap({
    images: [filledImage([7], 5, 10), filledImage([0, 0, 255, 0])],
    points: float32([2, 2], [0, 0, 0, 0]),
    ...{ size: 40, imageSize: 20, spacing: 0 },
  });
  assertEquals(pngSize(png), { width: 20, height: 20 });
  const at = await readerOf(png);
  assertEquals([at(10, 10), at(10, 2)[3]], [[7, 7, 7, 255], 0]);
});

Deno.test("imageMap() refuses images without points and tensors that are no images", async () => {
  const images = [filledImage(RED)];
  await assertRejects(
    () => imageMap({ images: [], points: float32([0, 2], []) }),
    RangeError,
    "0 images",
  );
  await assertRejects(
    () => imageMap({ images, points: float32([2, 2], [0, 0, 0, 0]) }),
    RangeError,
    "2 points",
  );
  await assertRejects(
    () => imageMap({ images, points: float32([1, 2], [0, NaN]) }),
    RangeError,
    "not all finite",
  );
  await assertRejects(
    () => imageMap({ images, points: float32([1, 3], [0, 0, 0]) }),
    RangeError,
    "[1,3]",
  );
  const flat = [tensor("uint8", [4, 4], new Uint8Array(16))];
  await assertRejects(
    () => imageMap({ images: flat, points: float32([1, 2], [0, 0]) }),
    TypeError,
    "image 0",
  );
});
