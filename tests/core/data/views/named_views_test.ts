import { assertEquals, assertThrows } from "@std/assert";
import type { ViewRecipe } from "../../../../core/data/views/recipe.ts";
import { viewNames, viewRecipes } from "../../../../core/data/views/named_views.ts";

Deno.test("viewRecipes() gives every published name its recipes at the asked size", () => {
  for (const views of viewNames) {
    const recipes = viewRecipes({ views, imageSize: 224 });
    assertEquals(recipes[0]!.size, 224);
  }
  const swav = viewRecipes({ views: "swav", imageSize: 224 }).map(({ size }) => size);
  assertEquals(swav, [224, 224, 96, 96, 96, 96, 96, 96]);
});

Deno.test("viewRecipes() passes recipes that are spelled out", () => {
  const own = viewRecipes({ views: "simsiam", imageSize: 96 }).slice(0, 1);
  assertEquals(viewRecipes({ views: own, imageSize: 32 }), own);
  const more = [{ ...own[0]!, rotation: { degrees: 15 }, erasing: { probability: 0.3 } }];
  assertEquals(viewRecipes({ views: more, imageSize: 32 }), more);
});

Deno.test("viewRecipes() refuses recipes that are malformed, and none", () => {
  const { normalize: _, ...rest } = viewRecipes({ views: "small", imageSize: 32 })[0]!;
  assertThrows(
    () => viewRecipes({ views: [rest as ViewRecipe], imageSize: 32 }),
    TypeError,
    "views[0] must have required property 'normalize'",
  );
  assertThrows(() => viewRecipes({ views: [], imageSize: 32 }), TypeError, "at least one recipe");
});

Deno.test("viewRecipes() suggests the nearest name", () => {
  assertThrows(
    () => viewRecipes({ views: "simsaim", imageSize: 32 }),
    TypeError,
    'the nearest are "simsiam"',
  );
});
