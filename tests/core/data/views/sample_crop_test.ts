import { assert, assertEquals } from "@std/assert";
import { sampleCrop } from "../../../../core/data/views/sample_crop.ts";
import type { Range } from "../../../../core/data/views/range.ts";
import type { CropRecipe } from "../../../../core/data/views/recipe.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../../fixtures/golden/view_sampling.safetensors", import.meta.url)
  .pathname;
const DRAWS = 20000;

function recipe(area: Range): CropRecipe {
  return { area, aspect: [3 / 4, 4 / 3], interpolation: "bilinear" };
}

function numbers(name: string): number[] {
  return name.split(",").map(Number);
}

const { tensors } = await readSafetensors(GOLDEN);
for (const [name, golden] of tensors) {
  const [kind, size, area] = name.split("/");
  if (kind === "crop") {
    Deno.test(`sampleCrop() draws from torchvision's distribution for ${name}`, () => {
      const [width, height] = numbers(size!) as [number, number];
      const [low, high] = numbers(area!) as [number, number];
      const sums = new Float64Array(8);
      for (let i = 0; i < DRAWS; i++) {
        const random = new RandomStream(0, i);
        const crop = sampleCrop(recipe([low, high]), width, height, random);
        assert(crop.left >= 0 && crop.left + crop.width <= width && crop.width > 0);
        assert(crop.top >= 0 && crop.top + crop.height <= height && crop.height > 0);
        [crop.left, crop.top, crop.width, crop.height].forEach((value, k) => {
          sums[k]! += value / DRAWS;
          sums[4 + k]! += value ** 2 / DRAWS;
        });
      }
      const expected = golden.data as Float64Array;
      for (let k = 0; k < 4; k++) {
        const deviation = Math.sqrt(sums[4 + k]! - sums[k]! ** 2);
        // Two means of 20000 draws differ by less than five of their standard errors; likewise the deviations.
        const error = expected[4 + k]! * Math.sqrt(2 / DRAWS);
        assert(Math.abs(sums[k]! - expected[k]!) < 5 * error, `mean ${k}: ${sums[k]}`);
        assert(Math.abs(deviation - expected[4 + k]!) < 5 * error, `deviation ${k}: ${deviation}`);
      }
    });
  } else if (kind === "central") {
    Deno.test(`sampleCrop() falls back to torchvision's central crop for ${name}`, () => {
      const [width, height] = numbers(size!) as [number, number];
      const crop = sampleCrop(recipe([0.9, 1]), width, height, new RandomStream(0));
      const found = [crop.left, crop.top, crop.width, crop.height];
      assertEquals(found, Array.from(golden.data as BigInt64Array, Number));
    });
  }
}
