import { assert, assertEquals, assertRejects } from "@std/assert";
import { mocoV2View, sampleView } from "../../../../core/data/mod.ts";
import {
  buildPhotometricGraph,
  Photometry,
  stepsOf,
} from "../../../../core/data/photometry/mod.ts";
import { packPhotometry } from "../../../../core/data/views/pack_photometry.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { CPU, DeviceTensor } from "../../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { runGraph } from "../../../run_graph.ts";

const SIZE = 96;
const COUNT = 21;
const recipe = mocoV2View(SIZE);

/** Views as the loader gives them, of noise. */
function noise() {
  const random = new RandomStream(0, "noise");
  const data = Uint8Array.from({ length: COUNT * SIZE * SIZE * 3 }, () => random.integer(256));
  const parameters = Array.from(
    { length: COUNT },
    (_, i) => sampleView(recipe, SIZE, SIZE, new RandomStream(0, "views", i)),
  );
  return {
    images: tensor("uint8", [COUNT, SIZE, SIZE, 3], data),
    photometry: packPhotometry(parameters),
  };
}

Deno.test("Photometry gives each sample what one graph with all steps gives it", async () => {
  const view = noise();
  using photometry = await Photometry.create({ recipe, batchSize: COUNT, device: CPU });
  using made = DeviceTensor.empty({ dtype: "float32", shape: [COUNT, 3, SIZE, SIZE] });
  await photometry.apply(view, made);

  const whole = buildPhotometricGraph({ recipe, batchSize: COUNT, steps: stepsOf(recipe) });
  const names = whole.inputs.map(({ source }) => source.kind === "input" ? source.name : "");
  const feeds = Object.fromEntries(names.map((name) => [
    name,
    name === "images" ? view.images : view.photometry[name as "hue"],
  ]));
  const { views, pixels } = await runGraph({ views: whole.views, pixels: whole.pixels }, feeds);
  const expected = views!.data as Float32Array;
  const largest = made.data.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)),
    0,
  );
  assert(largest < 2e-4, `found a difference of ${largest}`);

  const pictures = await photometry.pictures(view);
  assertEquals(pictures.shape, [COUNT, SIZE, SIZE, 3]);
  for (const [sample, channel, pixel] of [[0, 0, 0], [7, 1, 500], [20, 2, SIZE * SIZE - 1]]) {
    const value = Number(pixels!.data[(sample! * 3 + channel!) * SIZE * SIZE + pixel!]);
    const shown = pictures.data[(sample! * SIZE * SIZE + pixel!) * 3 + channel!]!;
    assert(Math.abs(255 * value - shown) <= 0.51);
  }
});

Deno.test("Photometry refuses a batch of another size", async () => {
  using photometry = await Photometry.create({ recipe, batchSize: 4, device: CPU });
  using into = DeviceTensor.empty({ dtype: "float32", shape: [4, 3, SIZE, SIZE] });
  await assertRejects(
    () => photometry.apply(noise(), into),
    RangeError,
    "the batch must have 4 views, found 21",
  );
});
