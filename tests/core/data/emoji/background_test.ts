import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawBackground } from "../../../../core/data/emoji/background.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

Deno.test("drawBackground() draws the same from the same stream, and another from another", () => {
  const draw = (i: number) => drawBackground(16, new RandomStream(0, i));
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
  assertEquals(draw(1).length, 16 * 16 * 3);
});

Deno.test("drawBackground() draws plain ones as well as patterns", () => {
  let plain = 0;
  for (let i = 0; i < 200; i++) {
    const pixels = drawBackground(8, new RandomStream(0, i));
    const colours = new Set(
      Array.from({ length: 64 }, (_, p) => pixels.subarray(3 * p, 3 * p + 3).join()),
    );
    if (colours.size === 1) plain++;
    else assert(colours.size > 3, `found ${colours.size} colours`);
  }
  assert(plain > 20 && plain < 70, `found ${plain} plain ones`);
});
