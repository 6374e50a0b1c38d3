import { assert, assertEquals } from "@std/assert";
import { buildPhotometricGraph } from "../../../../core/data/photometry/mod.ts";
import { byolViews, smallImageView } from "../../../../core/data/mod.ts";
import type { ViewRecipe } from "../../../../core/data/views/recipe.ts";
import { filled, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { runGraph } from "../../../run_graph.ts";
import { COUNT, golden, images, largestDifference, only, SIZE } from "./golden.ts";

/** Statistics that leave pixels in [0, 255]. */
const LEVELS = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } as const;

const FULL: ViewRecipe = byolViews(SIZE)[1]!;

/** Steps that a graph is to have. */
type Steps = Partial<Record<"jitter" | "grayscale" | "blur" | "solarize", true>>;

/** A recipe that has some of the steps. */
function recipeOf(steps: Steps, normalize: ViewRecipe["normalize"] = LEVELS): ViewRecipe {
  const { size, crop, flip } = FULL;
  return {
    size,
    crop,
    flip,
    normalize,
    ...(steps.jitter && { jitter: FULL.jitter! }),
    ...(steps.grayscale && { grayscale: FULL.grayscale! }),
    ...(steps.blur && { blur: FULL.blur! }),
    ...(steps.solarize && { solarize: FULL.solarize! }),
  };
}

const ON = filled("float32", [COUNT], 1);

/** Parameters that leave all samples as they are, but for those that are given. */
function parameters(given: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const order = BigInt64Array.from({ length: COUNT * 4 }, (_, i) => BigInt(i % 4));
  return {
    images,
    brightness: ON,
    contrast: ON,
    saturation: ON,
    hue: filled("float32", [COUNT], 0),
    jitter_order: tensor("int64", [COUNT, 4], order),
    grayscale: filled("float32", [COUNT], 0),
    blur_sigma: filled("float32", [COUNT], 0),
    solarize: filled("float32", [COUNT], 0),
    ...given,
  };
}

/** Pixels in [0, 255] after some steps of the whole batch, or of a single sample. */
async function apply(
  steps: Steps,
  given: Readonly<Record<string, Tensor>>,
  sample?: number,
): Promise<Tensor> {
  const { views, inputs } = buildPhotometricGraph({
    recipe: recipeOf(steps),
    batchSize: sample === undefined ? COUNT : 1,
  });
  const all = parameters(given);
  const feeds = Object.fromEntries(inputs.map(({ source }) => {
    const name = source.kind === "input" ? source.name : "";
    return [name, sample === undefined ? all[name]! : only(sample, all[name]!)];
  }));
  const made = await runGraph({ views }, feeds);
  return made["views"]!;
}

/** The planes of the golden images, as they come. */
const untouched = await apply({}, {});

for (const name of ["brightness", "contrast", "saturation", "hue"]) {
  Deno.test(`buildPhotometricGraph() adjusts ${name} as torchvision does, far within 1/255`, async () => {
    const made = await apply({ jitter: true }, { [name]: golden(name) });
    const difference = largestDifference(made, golden(`expected.${name}.float`), 255);
    assert(difference <= 0.01, `found a difference of ${difference} / 255`);
    // On bytes torchvision cuts the fraction off the gray and off the result: one level each at most.
    const cut = largestDifference(made, golden(`expected.${name}.bytes`));
    assert(cut <= 2, `found a difference of ${cut} / 255`);
    const alone = await apply({ jitter: true }, { [name]: golden(name) }, 5);
    assert(largestDifference(alone, only(5, made)) <= 0.01);
  });
}

Deno.test("buildPhotometricGraph() turns gray as torchvision does, within 1/255", async () => {
  const made = await apply({ grayscale: true }, { grayscale: ON });
  assert(largestDifference(made, golden("expected.grayscale")) <= 1 + 1e-3);
});

Deno.test("buildPhotometricGraph() solarizes as torchvision does, within 1/255", async () => {
  const made = await apply({ solarize: true }, { solarize: ON });
  assert(largestDifference(made, golden("expected.solarize")) <= 1e-3);
});

Deno.test("buildPhotometricGraph() turns gray before it solarizes", async () => {
  const gray = await apply({ grayscale: true }, { grayscale: ON });
  const made = await apply({ grayscale: true, solarize: true }, { grayscale: ON, solarize: ON });
  const expected = (gray.data as Float32Array).map((value) => value < 128 ? value : 255 - value);
  assert(largestDifference(made, { ...gray, data: expected } as Tensor) <= 1e-3);
});

Deno.test("buildPhotometricGraph() leaves samples alone whose gates are closed", async () => {
  const made = await apply({ jitter: true, grayscale: true, blur: true, solarize: true }, {});
  assert(largestDifference(made, untouched) <= 0.01);
});

Deno.test("buildPhotometricGraph() normalises with the recipe's statistics", async () => {
  const recipe = recipeOf({}, smallImageView(SIZE).normalize);
  const { views } = buildPhotometricGraph({ recipe, batchSize: COUNT });
  const made = await runGraph({ views }, { images });
  const area = SIZE * SIZE;
  const { mean, std } = recipe.normalize;
  const expected = (untouched.data as Float32Array).map((value, i) => {
    const channel = Math.floor(i / area) % 3;
    return (value / 255 - mean[channel]!) / std[channel]!;
  });
  assert(largestDifference(made["views"]!, { ...untouched, data: expected } as Tensor) <= 1e-5);
});

Deno.test("buildPhotometricGraph() leaves out what a recipe never draws", () => {
  const recipe: ViewRecipe = {
    ...smallImageView(32),
    solarize: { probability: 0, threshold: 128 },
  };
  const { inputs } = buildPhotometricGraph({ recipe, batchSize: 2 });
  const names = inputs.map(({ source }) => source.kind === "input" ? source.name : "");
  assertEquals(names, [
    "images",
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "jitter_order",
    "grayscale",
  ]);
});
