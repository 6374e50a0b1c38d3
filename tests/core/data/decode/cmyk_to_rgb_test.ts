import { assertEquals } from "@std/assert";
import { cmykToRgb } from "../../../../core/data/decode/cmyk_to_rgb.ts";

Deno.test("cmykToRgb() multiplies the light that ink and black let through", () => {
  const cmyk = new Uint8Array([0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 51, 102, 204, 127]);
  assertEquals([...cmykToRgb(cmyk)], [255, 255, 255, 0, 255, 255, 0, 0, 0, 102, 77, 26]);
});
