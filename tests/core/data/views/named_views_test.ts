import { assertEquals, assertThrows } from "@std/assert";
import { CLIP_NORMALIZATION, mildView } from "../../../../core/data/views/presets.ts";
import type { ViewRecipe } from "../../../../core/data/views/recipe.ts";
import { viewNames, viewRecipes } from "../../../../core/data/views/named_views.ts";
import type { ViewPreset } from "../../../../core/data/views/view_preset.ts";

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
  const [large, small] = [32, 16].map((size) => mildView(size)) as [ViewRecipe, ViewRecipe];
  assertThrows(
    () => viewRecipes({ views: [large, small, large], imageSize: 32 }),
    TypeError,
    "views[2] of size 32 behind one of 16",
  );
});

Deno.test("viewRecipes() suggests the nearest name", () => {
  assertThrows(
    () => viewRecipes({ views: "simsaim", imageSize: 32 }),
    TypeError,
    'the nearest are "simsiam"',
  );
});

/** Sizes, and what tells the views of a recipe apart. */
function outline(views: string | ViewPreset, imageSize = 224) {
  return viewRecipes({ views, imageSize }).map(({ size, crop: { area }, blur, solarize }) => [
    size,
    ...area,
    blur?.probability ?? 0,
    solarize?.probability ?? 0,
  ]);
}

Deno.test("viewRecipes() gives every published name the views that its method was published with", () => {
  const local = [96, 0.05, 0.4, 0.5, 0];
  assertEquals(outline("dino"), [
    [224, 0.4, 1, 1, 0],
    [224, 0.4, 1, 0.1, 0.2],
    ...Array.from({ length: 8 }, () => local),
  ]);
  for (
    const [name, area, blur] of [["simsiam", 0.2, 0.5], ["mocov2", 0.2, 0.5], [
      "simclr",
      0.08,
      0.5,
    ]] as const
  ) {
    assertEquals(outline(name), [[224, area, 1, blur, 0], [224, area, 1, blur, 0]]);
  }
  for (
    const [name, area] of [
      ["mocov3-resnet", 0.2],
      ["mocov3-vit", 0.08],
      ["byol", 0.08],
      ["barlow-twins", 0.08],
      ["vicreg", 0.08],
    ] as const
  ) {
    assertEquals(outline(name), [[224, area, 1, 1, 0], [224, area, 1, 0.1, 0.2]]);
  }
});

Deno.test("the small versions have no blur, and no local views but those that are asked for", () => {
  for (const name of viewNames.filter((name) => name.endsWith("small"))) {
    const recipes = viewRecipes({ views: name, imageSize: 32 });
    assertEquals(recipes.map(({ size, blur }) => [size, blur]), [[32, undefined], [32, undefined]]);
  }
  assertEquals(outline("byol-small", 32), [[32, 0.08, 1, 0, 0], [32, 0.08, 1, 0, 0.2]]);
  assertEquals(outline({ preset: "swav-small", locals: 1, localSize: 16 }, 32), [
    [32, 0.14, 1, 0, 0],
    [32, 0.14, 1, 0, 0],
    [16, 0.05, 0.14, 0, 0],
  ]);
  const [simclr] = viewRecipes({ views: "simclr-small", imageSize: 32 });
  assertEquals(simclr!.jitter!.hue, 0.1);
});

Deno.test("viewRecipes() takes numbers, sizes, areas and statistics of a preset", () => {
  assertEquals(outline({ preset: "swav", locals: 4, localSize: 80 }).map(([size]) => size), [
    ...[224, 224],
    ...[80, 80, 80, 80],
  ]);
  assertEquals(outline({ preset: "swav", locals: 1 }, 112).map(([size]) => size), [112, 112, 48]);
  assertEquals(outline({ preset: "swav", locals: 0 }).length, 2);
  assertEquals(outline({ preset: "simclr", views: 4 }).length, 4);
  const turns = outline({ preset: "byol", views: 3 });
  assertEquals(turns, [...outline("byol"), outline("byol")[0]!]);
  assertEquals(outline({ preset: "dino", locals: 1, area: [0.25, 1], localArea: [0.05, 0.25] }), [
    [224, 0.25, 1, 1, 0],
    [224, 0.25, 1, 0.1, 0.2],
    [96, 0.05, 0.25, 0.5, 0],
  ]);
  assertEquals(outline({ preset: "mild", locals: 2 }, 56).map(([size]) => size), [56, 56, 24, 24]);
  for (
    const { normalize } of viewRecipes({
      views: { preset: "swav", normalize: "clip" },
      imageSize: 224,
    })
  ) assertEquals(normalize, CLIP_NORMALIZATION);
});

Deno.test("viewRecipes() refuses parameters that are wrong, or of views that there are not", () => {
  const build = (views: object | string) => () =>
    viewRecipes({ views: views as ViewPreset, imageSize: 224 });
  for (
    const [views, message] of [
      [{ preset: "simclr", locals: 2 }, "local views have only swav, dino, swav-small, "],
      [
        { preset: "simclr", localSize: 96 },
        "localSize is of local views, found none of them; leave it out",
      ],
      [{ preset: "swav", locals: 0, localArea: [0.1, 0.2] }, "ask for some by locals"],
      [
        { preset: "swav", localSize: 224 },
        "localSize must be smaller than the global views' size 224, found 224",
      ],
      [{ preset: "dino", localSize: 256 }, "found 256"],
      [{ preset: "swav", locals: -1 }, "views.locals must be >= 0, found -1"],
      [{ preset: "simclr", views: 0 }, "views.views must be >= 1, found 0"],
      [{ preset: "simclr", local: 2 }, 'did you mean "locals"?'],
      [{ preset: "simclr", area: [0.9, 0.2] }, "simclr.crop.area must rise, found [0.9,0.2]"],
      [{ preset: "swaw" }, 'the nearest are "swav"'],
      [{ views: 2 }, "must have required property 'preset'"],
      [
        "{preset: swav}",
        'must be JSON, such as {"preset": "swav", "locals": 4}, found {preset: swav}',
      ],
    ] as const
  ) {
    assertThrows(build(views), TypeError, message);
  }
});
