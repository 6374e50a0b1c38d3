import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { ViewBatch } from "../../../../core/data/mod.ts";
import { viewRecipes } from "../../../../core/data/views/named_views.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import {
  configuredVariations,
  generatedShare,
  type VariationChoice,
} from "../../../../core/train/run/generated_views.ts";

const DEFAULTS: VariationChoice = {
  variationProbability: 1,
  variationViews: [],
  variationsPerImage: 1,
  variationLocals: "image",
};
const PAIR = viewRecipes({ views: "small", imageSize: 32 });
const CROPS = viewRecipes({ views: { preset: "swav", locals: 3 }, imageSize: 32 });

function variations(choice: Partial<VariationChoice>, recipes = PAIR) {
  return configuredVariations({ ...DEFAULTS, ...choice }, recipes);
}

Deno.test("configuredVariations() leaves the views open unless some are named", () => {
  assertEquals(variations({ variationProbability: 0.5 }), { probability: 0.5 });
  assertEquals(variations({ variationViews: [1] }), { probability: 1, views: [1] });
  assertThrows(
    () => variations({ variationViews: [1] }, PAIR.slice(1)),
    RangeError,
    "must be in [0, 1), found 1",
  );
});

Deno.test("configuredVariations() takes the global views, and lets the local ones follow", () => {
  const global = { variationViews: "global" } as const;
  assertEquals(variations(global, CROPS), { probability: 1, views: [0, 1] });
  assertEquals(variations(global), { probability: 1, views: [0, 1] });
  assertEquals(variations({ ...global, variationLocals: "variation" }, CROPS), {
    probability: 1,
    views: [0, 1],
    followers: [2, 3, 4],
  });
  for (
    const [choice, recipes, found] of [
      [{ variationLocals: "variation" }, CROPS, "found [] and 3 local views"],
      [{ ...global, variationLocals: "variation" }, PAIR, 'found "global" and 0 local views'],
    ] as const
  ) {
    const error = assertThrows(() => variations(choice, recipes), RangeError, found);
    assertStringIncludes(
      error.message,
      "--variation-locals variation needs --variation-views global",
    );
  }
});

Deno.test("configuredVariations() takes as many views as there are to choose from", () => {
  assertEquals(variations({ variationsPerImage: 2 }), { probability: 1, count: 2 });
  assertThrows(
    () => variations({ variationsPerImage: 3, variationViews: "global" }, CROPS),
    RangeError,
    "--variations-per-image must be at most the 2 views that may be cut from them, found 3",
  );
});

Deno.test("generatedShare() counts the views that were cut from variations", () => {
  const variationOfView = tensor("int32", [2, 3], Int32Array.of(0, -1, 2, -1, -1, 0));
  assertEquals(generatedShare({ variationOfView } as unknown as ViewBatch), 3 / 6);
});
