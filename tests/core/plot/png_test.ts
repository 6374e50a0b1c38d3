import { assert, assertEquals, assertThrows } from "@std/assert";
import { sharp } from "../../../core/deps/sharp.ts";
import { toPng } from "../../../core/plot/png.ts";
import { pngSize } from "../../../core/plot/png_size.ts";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40">
<rect width="60" height="40" fill="white"/><rect x="30" y="10" width="20" height="20" fill="#0072b2"/></svg>`;

Deno.test("toPng() draws an SVG, two pixels to a unit", async () => {
  const png = await toPng(SVG);
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  assertEquals([info.width, info.height], [120, 80]);
  const pixel = (x: number, y: number) => [...data.subarray(3 * (y * 120 + x)).subarray(0, 3)];
  assertEquals(pixel(80, 40), [0x00, 0x72, 0xb2]);
  assertEquals(pixel(20, 40), [255, 255, 255]);
});

Deno.test("toPng() states the resolution by which the size is the SVG's", async () => {
  for (const ratio of [1, 2, 3]) {
    assertEquals(pngSize(await toPng(SVG, ratio)), { width: 60, height: 40 });
  }
});

Deno.test("pngSize() takes a pixel for a unit where no resolution is stated", async () => {
  const create = { width: 33, height: 21, channels: 3, background: "red" } as const;
  assertEquals(pngSize(await sharp({ create }).png().toBuffer()), { width: 33, height: 21 });
});

Deno.test("pngSize() rejects other bytes and ends at cut ones", async () => {
  assertThrows(() => pngSize(new Uint8Array(100)), TypeError, "must be a PNG file");
  assertThrows(() => pngSize(new TextEncoder().encode(SVG)), TypeError, "must be a PNG file");
  const png = await toPng(SVG);
  for (let length = 0; length < png.length; length += 7) {
    try {
      assert(pngSize(png.subarray(0, length)).width > 0);
    } catch (error) {
      assert(error instanceof TypeError);
    }
  }
});
