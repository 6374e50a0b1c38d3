import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeCutout } from "../../../../core/data/decode/cutout.ts";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";

const IMAGES = new URL("../../../../fixtures/images/", import.meta.url).pathname;

Deno.test("decodeCutout() keeps colours and opacity apart", async () => {
  const cutout = await decodeCutout(await Deno.readFile(`${IMAGES}alpha.png`), "alpha.png");
  assertEquals([cutout.width, cutout.height], [48, 36]);
  // The fixture's opacity is a ramp from left to right, and its colours are those of rgb.png.
  assertEquals([cutout.mask[0], cutout.mask[47], cutout.mask[48]], [0, 255, 0]);
  const opaque = await decodeCutout(await Deno.readFile(`${IMAGES}rgb.png`), "rgb.png");
  assertEquals(cutout.data, opaque.data);
  assert(opaque.mask.every((opacity) => opacity === 255));
});

Deno.test("decodeCutout() resizes", async () => {
  const cutout = await decodeCutout(await Deno.readFile(`${IMAGES}alpha.png`), "alpha.png", 10);
  assertEquals([cutout.width, cutout.height], [10, 10]);
  assertEquals([cutout.data.length, cutout.mask.length], [300, 100]);
  assert(cutout.mask[2]! < cutout.mask[7]!);
});

Deno.test("decodeCutout() gives gray images three channels", async () => {
  const gray = await decodeCutout(await Deno.readFile(`${IMAGES}gray_alpha.png`), "gray_alpha.png");
  assertEquals(gray.data.length, 48 * 36 * 3);
  assertEquals(gray.data[0], gray.data[2]);
});

Deno.test("decodeCutout() names what it cannot read", async () => {
  await assertRejects(
    async () => await decodeCutout(await Deno.readFile(`${IMAGES}corrupt.jpg`), "corrupt.jpg"),
    UnreadableImageError,
    'Cannot read the image "corrupt.jpg"',
  );
});
