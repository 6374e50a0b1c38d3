import { assert, assertEquals } from "@std/assert";
import { datasetOf } from "../../../../../core/data/dataset_of.ts";
import { rotateImage } from "../../../../../core/data/geometry/rotate_image.ts";
import { viewLoader } from "../../../../../core/data/loader/view_loader.ts";
import { rotation } from "../../../../../core/data/views/steps/rotation.ts";
import type { ViewRecipe } from "../../../../../core/data/views/recipe.ts";
import { IMAGENET_NORMALIZATION } from "../../../../../core/data/views/presets.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";
import { golden } from "./golden.ts";

const FILLS = { black: [0, 0, 0], colour: [12, 200, 77] } as const;
const ANGLES = Array.from(golden("angles").data, Number);

for (const size of [40, 33]) {
  for (const interpolation of ["nearest", "bilinear"] as const) {
    for (const [name, fill] of Object.entries(FILLS)) {
      Deno.test(`rotateImage() gives torchvision's very pixels: ${size} ${interpolation} ${name}`, () => {
        const image = golden(`image.${size}`).data as Uint8Array<ArrayBuffer>;
        const expected = golden(`rotated.${size}.${interpolation}.${name}`).data as Uint8Array;
        for (const [i, angle] of ANGLES.entries()) {
          const made = rotateImage(image, size, angle, { interpolation, fill });
          const wanted = expected.subarray(i * image.length, (i + 1) * image.length);
          const wrong = made.findIndex((level, at) => level !== wanted[at]);
          assertEquals(
            wrong,
            -1,
            `${angle} degrees, at ${wrong}: ${made[wrong]}, ${wanted[wrong]}`,
          );
        }
      });
    }
  }
}

Deno.test("rotation draws from torchvision's distribution, symmetric where one number is given", () => {
  const draws = 20000;
  const sampled = Array.from(
    { length: draws },
    (_, i) => rotation.sample({ degrees: [-30, 10] }, new RandomStream(0, i), 40),
  );
  const [mean, deviation] = golden("rotation.statistics").data as Float64Array;
  const found = sampled.reduce((sum, angle) => sum + angle / draws, 0);
  assert(Math.abs(found - mean!) < 5 * deviation! * Math.sqrt(2 / draws), `mean ${found}`);
  assert(sampled.every((angle) => angle >= -30 && angle < 10));
  const both = Array.from(
    { length: 200 },
    (_, i) => rotation.sample({ degrees: 15 }, new RandomStream(1, i), 40),
  );
  assert(both.some((angle) => angle < -10) && both.some((angle) => angle > 10));
  assert(both.every((angle) => Math.abs(angle) <= 15));
  const never = rotation.sample({ degrees: 15, probability: 0 }, new RandomStream(2), 40);
  assertEquals(never, 0);
});

Deno.test("viewLoader() rotates views and their masks by what was sampled, with workers or without", async () => {
  const size = 24;
  const recipe: ViewRecipe = {
    size,
    crop: { area: [1, 1], aspect: [1, 1], interpolation: "bilinear" },
    flip: 0,
    rotation: { degrees: [20, 70], interpolation: "bilinear", fill: [9, 9, 9] },
    normalize: IMAGENET_NORMALIZATION,
  };
  const data = Uint8Array.from({ length: 3 * size ** 2 }, (_, i) => (i * 37) % 251);
  const mask = Uint8Array.from({ length: size ** 2 }, (_, i) => i % size < size / 2 ? 255 : 0);
  const masked = datasetOf("masked", 4, (index) => ({
    key: String(index),
    source: {
      kind: "rendered",
      name: String(index),
      render: () => Promise.resolve({ width: size, height: size, data, mask }),
    },
  }));
  const options = { batchSize: 4, seed: 3, epoch: 0, masks: true };
  const [batch] = await Array.fromAsync(viewLoader(masked, [recipe], options));
  const [view] = batch!.views;
  for (const [i, { rotation: angle }] of view!.parameters.entries()) {
    assert(angle >= 20 && angle < 70);
    const pixels = rotateImage(data, size, angle, { interpolation: "bilinear", fill: [9, 9, 9] });
    assertEquals(view!.images.data.slice(i * pixels.length, (i + 1) * pixels.length), pixels);
    const turned = rotateImage(mask, size, angle, { interpolation: "bilinear", fill: [0] });
    assertEquals(view!.masks!.data.slice(i * turned.length, (i + 1) * turned.length), turned);
  }
  const [again] = await Array.fromAsync(viewLoader(masked, [recipe], { ...options, workers: 1 }));
  assertEquals(again, batch);
});
