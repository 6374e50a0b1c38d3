import { assertEquals } from "@std/assert";
import { resizeVariation } from "../../../core/unclip/resize_variation.ts";

Deno.test("resizeVariation() makes a square of any image, and keeps one of its size", () => {
  const image = { width: 6, height: 4, data: new Uint8Array(72).fill(200) };
  assertEquals(resizeVariation(image, 3), {
    width: 3,
    height: 3,
    data: new Uint8Array(27).fill(200),
  });
  const square = { width: 2, height: 2, data: Uint8Array.from({ length: 12 }, (_, i) => 20 * i) };
  assertEquals(resizeVariation(square, 2), square);
});
