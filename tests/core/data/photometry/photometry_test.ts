import { assert, assertEquals, assertRejects } from "@std/assert";
import { byolViews, sampleView, type ViewRecipe } from "../../../../core/data/mod.ts";
import {
  buildPhotometricGraph,
  type PhotometricView,
  Photometry,
} from "../../../../core/data/photometry/mod.ts";
import { packPhotometry } from "../../../../core/data/views/pack_photometry.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { CPU, DeviceTensor } from "../../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { runGraph } from "../../../run_graph.ts";

const COUNT = 21;

/** A recipe with all steps, sampled for some of the views and not for others. */
function recipeOf(size: number): ViewRecipe {
  return {
    ...byolViews(size)[1]!,
    blur: { probability: 0.5, sigma: [0.1, 2] },
    solarize: { probability: 0.5, threshold: 128 },
  };
}

/** Views as the loader gives them, of flat patches. */
function viewsOf(recipe: ViewRecipe): PhotometricView {
  const { size } = recipe;
  const random = new RandomStream(0, "patches");
  const patches = Array.from({ length: COUNT * 3 * 16 }, () => random.integer(256));
  const data = Uint8Array.from({ length: COUNT * size * size * 3 }, (_, i) => {
    const [channel, pixel] = [i % 3, Math.floor(i / 3)];
    const [column, row] = [pixel % size, Math.floor(pixel / size) % size];
    const patch = 4 * Math.floor((4 * row) / size) + Math.floor((4 * column) / size);
    return patches[(Math.floor(pixel / (size * size)) * 3 + channel) * 16 + patch]!;
  });
  const parameters = Array.from(
    { length: COUNT },
    (_, i) => sampleView(recipe, size, size, new RandomStream(0, "views", i)),
  );
  return {
    images: tensor("uint8", [COUNT, size, size, 3], data),
    photometry: packPhotometry(parameters),
    parameters,
  };
}

/** The batch through one graph with all steps, each pixel in [0, 255]. */
async function expectedOf(recipe: ViewRecipe, view: PhotometricView): Promise<Float32Array> {
  const whole = buildPhotometricGraph({ recipe, batchSize: COUNT });
  const names = whole.inputs.map(({ source }) => source.kind === "input" ? source.name : "");
  const feeds = Object.fromEntries(names.map((name) => [
    name,
    name === "images" ? view.images : view.photometry[name]!,
  ]));
  const { views } = await runGraph({ views: whole.views }, feeds);
  return levels(views!.data as Float32Array, recipe);
}

function levels(views: Float32Array, { size, normalize: { mean, std } }: ViewRecipe) {
  return views.map((value, i) => {
    const channel = Math.floor(i / size ** 2) % 3;
    return 255 * (value * std[channel]! + mean[channel]!);
  });
}

/** Levels so close to the threshold that rounding decides whether they are inverted. */
function isUndecided(level: number): boolean {
  return Math.abs(level - 127.5) < 1;
}

for (const [size, way] of [[32, "in chunks"], [112, "one by one"]] as const) {
  Deno.test(`Photometry gives views that run ${way} what one graph with all steps gives them`, async () => {
    const recipe = recipeOf(size);
    const view = viewsOf(recipe);
    using photometry = await Photometry.create({ recipe, batchSize: COUNT, device: CPU });
    using into = DeviceTensor.empty({ dtype: "float32", shape: [COUNT, 3, size, size] });
    await photometry.apply(view, into);
    const made = levels(into.data, recipe);
    const expected = await expectedOf(recipe, view);
    const wrong = made.findIndex((value, i) =>
      Math.abs(value - expected[i]!) > 0.05 && !isUndecided(expected[i]!)
    );
    assertEquals(wrong, -1, `found ${made[wrong]} for ${expected[wrong]}`);

    const { shape, data } = await photometry.pictures(view);
    assertEquals(shape, [COUNT, size, size, 3]);
    for (const [sample, channel, pixel] of [[0, 0, 0], [7, 1, 500], [20, 2, size * size - 1]]) {
      const level = made[(sample! * 3 + channel!) * size * size + pixel!]!;
      const shown = data[(sample! * size * size + pixel!) * 3 + channel!]!;
      assert(Math.abs(level - shown) <= 0.51, `found ${shown} for ${level}`);
    }
  });
}

Deno.test("Photometry gives large views of a recipe that never blurs what one graph gives them", async () => {
  const recipe = {
    ...recipeOf(112),
    blur: { probability: 0, sigma: [0.1, 2] },
  } satisfies ViewRecipe;
  const view = viewsOf(recipe);
  using photometry = await Photometry.create({ recipe, batchSize: COUNT, device: CPU });
  using into = DeviceTensor.empty({ dtype: "float32", shape: [COUNT, 3, 112, 112] });
  await photometry.apply(view, into);
  const expected = await expectedOf(recipe, view);
  const wrong = levels(into.data, recipe).findIndex((value, i) =>
    Math.abs(value - expected[i]!) > 0.05 && !isUndecided(expected[i]!)
  );
  assertEquals(wrong, -1);
});

Deno.test("Photometry gives the same whatever the number of threads", async () => {
  const recipe = recipeOf(112);
  const view = viewsOf(recipe);
  const made = [];
  for (const threads of [1, 3]) {
    using photometry = await Photometry.create({ recipe, batchSize: COUNT, device: CPU, threads });
    made.push(await photometry.pictures(view));
  }
  assertEquals(made[0], made[1]);
});

Deno.test("Photometry refuses a batch of another size", async () => {
  const recipe = recipeOf(32);
  using photometry = await Photometry.create({ recipe, batchSize: 4, device: CPU });
  using into = DeviceTensor.empty({ dtype: "float32", shape: [4, 3, 32, 32] });
  await assertRejects(
    () => photometry.apply(viewsOf(recipe), into),
    RangeError,
    "the batch must have 4 views, found 21",
  );
});
