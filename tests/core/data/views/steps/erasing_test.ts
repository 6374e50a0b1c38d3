import { assert, assertEquals } from "@std/assert";
import { Photometry } from "../../../../../core/data/photometry/mod.ts";
import { buildPhotometricGraph } from "../../../../../core/data/photometry/photometric_graph.ts";
import { packPhotometry } from "../../../../../core/data/views/pack_photometry.ts";
import { mocoV2View, smallImageView } from "../../../../../core/data/views/presets.ts";
import type { ViewRecipe } from "../../../../../core/data/views/recipe.ts";
import { sampleView } from "../../../../../core/data/views/sample_view.ts";
import { erasing, type ErasingRecipe } from "../../../../../core/data/views/steps/erasing.ts";
import { input } from "../../../../../core/engine/graph/value.ts";
import { float32, tensor } from "../../../../../core/engine/graph/tensor.ts";
import { CPU, DeviceTensor } from "../../../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";
import { runGraph } from "../../../../run_graph.ts";
import { golden } from "./golden.ts";

for (const [name, value] of [["zero", 0], ["channels", [0.5, -1, 2]]] as const) {
  Deno.test(`erasing gives torchvision's very view, filled with ${name}`, async () => {
    const [top, left, height, width] = Array.from(golden(`erasing.${name}.box`).data, Number);
    const packed = erasing.pack({ top: top!, left: left!, height: height!, width: width! });
    const feeds = Object.fromEntries(
      Object.entries(packed).map(([key, numbers]) => [key, float32([1], numbers)]),
    );
    const inputs = Object.fromEntries(
      Object.keys(packed).map((key) => [key, input(key, "float32", [1])]),
    );
    const pixels = input("pixels", "float32", [1, 3, 40, 40]);
    const views = erasing.graph!(pixels, { recipe: { value }, size: 40, inputs });
    const view = golden("erasing.view");
    const made = await runGraph({ views }, {
      ...feeds,
      pixels: float32([1, 3, 40, 40], view.data as Float32Array),
    });
    assertEquals(made["views"]!.data, golden(`erasing.${name}`).data);
  });
}

Deno.test("erasing draws boxes from torchvision's distribution", () => {
  const draws = 20000;
  const recipe = { probability: 1, scale: [0.02, 0.33], ratio: [0.3, 3.3] } as const;
  const boxes = Array.from(
    { length: draws },
    (_, i) => erasing.sample(recipe, new RandomStream(0, i), 40),
  )
    .filter((box) => erasing.changes(box))
    .map(({ top, left, height, width }) => [top, left, height, width]);
  const share = Number(golden("erasing.share").data[0]);
  const bound = 5 * Math.sqrt(2 * share * (1 - share) / draws) + 1e-3;
  assert(Math.abs(boxes.length / draws - share) <= bound, `share ${boxes.length / draws}`);
  const expected = golden("erasing.statistics").data as Float64Array;
  for (let k = 0; k < 4; k++) {
    const mean = boxes.reduce((sum, box) => sum + box[k]! / boxes.length, 0);
    const squares = boxes.reduce((sum, box) => sum + (box[k]! - mean) ** 2 / boxes.length, 0);
    const error = 5 * expected[4 + k]! * Math.sqrt(2 / draws);
    assert(Math.abs(mean - expected[k]!) < error, `mean ${k}: ${mean}`);
    assert(Math.abs(Math.sqrt(squares) - expected[4 + k]!) < error, `deviation ${k}`);
  }
});

Deno.test("erasing is sampled as often as its probability says, half of the time by itself", () => {
  const share = (recipe: ErasingRecipe) => {
    const sampled = Array.from(
      { length: 2000 },
      (_, i) => erasing.sample(recipe, new RandomStream(1, i), 32),
    );
    return sampled.filter((box) => erasing.changes(box)).length / 2000;
  };
  assert(Math.abs(share({}) - 0.5) < 0.06);
  assert(Math.abs(share({ probability: 0.1 }) - 0.1) < 0.04);
});

for (
  const [recipe, way] of [[smallImageView(32), "in chunks"], [
    mocoV2View(112),
    "one by one",
  ]] as const
) {
  Deno.test(`Photometry erases views that run ${way} as one graph with all steps does`, async () => {
    const count = 12;
    const { size } = recipe;
    const erased: ViewRecipe = { ...recipe, erasing: { probability: 0.7, value: [1, -2, 3] } };
    const random = new RandomStream(0, "pixels");
    const images = tensor(
      "uint8",
      [count, size, size, 3],
      Uint8Array.from({ length: count * size * size * 3 }, () => random.integer(256)),
    );
    const parameters = Array.from(
      { length: count },
      (_, i) => sampleView(erased, size, size, new RandomStream(0, "views", i)),
    );
    const photometry = packPhotometry(parameters);
    const graph = buildPhotometricGraph({ recipe: erased, batchSize: count });
    const names = graph.inputs.map(({ source }) => source.kind === "input" ? source.name : "");
    const feeds = Object.fromEntries(
      names.map((name) => [name, name === "images" ? images : photometry[name]!]),
    );
    const expected = (await runGraph({ views: graph.views }, feeds))["views"]!.data as Float32Array;
    using whole = await Photometry.create({ recipe: erased, batchSize: count, device: CPU });
    using into = DeviceTensor.empty({ dtype: "float32", shape: [count, 3, size, size] }, CPU);
    await whole.apply({ images, photometry, parameters }, into);
    const made = into.data;
    const wrong = made.findIndex((value, i) => Math.abs(value - expected[i]!) > 1e-3);
    assertEquals(wrong, -1, `found ${made[wrong]} for ${expected[wrong]}`);
    let filled = 0;
    for (const [i, { erasing: { top, left, height, width } }] of parameters.entries()) {
      for (let at = 0; at < height * width; at++) {
        const [row, column] = [top + Math.floor(at / width), left + at % width];
        for (const [channel, value] of [1, -2, 3].entries()) {
          assertEquals(made[((i * 3 + channel) * size + row) * size + column], value);
          filled++;
        }
      }
    }
    assert(filled > 0);
  });
}
