import { assertEquals } from "@std/assert";
import type { EncodedImage } from "../../../../core/data/decode/encoded_image.ts";
import { reductionFor } from "../../../../core/data/geometry/reduction.ts";
import { placeView } from "../../../../core/data/geometry/placement.ts";
import { mocoV2View } from "../../../../core/data/views/presets.ts";

const jpeg: EncodedImage = {
  width: 4000,
  height: 3000,
  reducible: true,
  decode: () => Promise.reject(new Error("not decoded here")),
};

/** A view of 100 pixels that shrinks its crop by as much. */
function view(shrink: number) {
  const crop = { left: 0, top: 0, width: 100 * shrink, height: 100 * shrink + 50 };
  return placeView(mocoV2View(100), { crop, flip: false });
}

Deno.test("reductionFor() leaves every view half as many pixels again as it needs", () => {
  const reductions = [1, 4.4, 4.5, 7.4, 7.5, 13.4, 13.5].map((shrink) =>
    reductionFor(jpeg, [view(20), view(shrink)])
  );
  assertEquals(reductions, [1, 1, 3, 3, 5, 5, 9]);
});

Deno.test("reductionFor() leaves formats alone that gain nothing", () => {
  assertEquals(reductionFor({ ...jpeg, reducible: false }, [view(20)]), 1);
});
