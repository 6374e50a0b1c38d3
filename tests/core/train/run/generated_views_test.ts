import { assertEquals, assertThrows } from "@std/assert";
import type { ViewBatch } from "../../../../core/data/mod.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import {
  configuredVariations,
  generatedShare,
} from "../../../../core/train/run/generated_views.ts";

Deno.test("configuredVariations() leaves the views open unless some are named", () => {
  const all = { variationProbability: 0.5, variationViews: [] };
  assertEquals(configuredVariations(all, 2), { probability: 0.5 });
  const second = { variationProbability: 1, variationViews: [1] };
  assertEquals(configuredVariations(second, 2), { probability: 1, views: [1] });
  assertThrows(() => configuredVariations(second, 1), RangeError, "must be in [0, 1), found 1");
});

Deno.test("generatedShare() counts views, of which a sample has one at most from a variation", () => {
  const variedView = tensor("int32", [4], Int32Array.of(0, -1, 2, 0));
  const batch = { variedView, views: [{}, {}, {}] } as unknown as ViewBatch;
  assertEquals(generatedShare(batch), 3 / 12);
});
