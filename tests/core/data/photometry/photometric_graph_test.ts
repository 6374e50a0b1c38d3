import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  buildPhotometricGraph,
  colorJitter,
  gaussianBlur,
  type PhotometricSteps,
  stepsOf,
} from "../../../../core/data/photometry/mod.ts";
import { byolViews, mocoV2View, smallImageView } from "../../../../core/data/mod.ts";
import { filled, float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { runGraph } from "../../../run_graph.ts";

const GOLDEN = new URL("../../../../fixtures/golden/photometry.safetensors", import.meta.url);
const { tensors } = await readSafetensors(GOLDEN.pathname);
const golden = (name: string): Tensor => tensors.get(name)!;
const images = golden("images");
const [COUNT, SIZE] = images.shape as [number, number];

const OFF: PhotometricSteps = { jitter: false, grayscale: false, blur: false, solarize: false };

/** Parameters that leave all samples as they are, but for those that are given. */
function parameters(given: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const order = BigInt64Array.from({ length: COUNT * 4 }, (_, i) => BigInt(i % 4));
  return {
    images,
    brightness: filled("float32", [COUNT], 1),
    contrast: filled("float32", [COUNT], 1),
    saturation: filled("float32", [COUNT], 1),
    hue: filled("float32", [COUNT], 0),
    jitter_order: tensor("int64", [COUNT, 4], order),
    grayscale: filled("float32", [COUNT], 0),
    blur_sigma: filled("float32", [COUNT], 0),
    solarize: filled("float32", [COUNT], 0),
    ...given,
  };
}

/** Pixels in [0,255] after some steps, not normalised. */
async function apply(
  steps: Partial<PhotometricSteps>,
  given: Readonly<Record<string, Tensor>> = {},
): Promise<Float32Array> {
  const recipe = mocoV2View(SIZE);
  const { pixels, inputs } = buildPhotometricGraph({
    recipe,
    batchSize: COUNT,
    steps: { ...OFF, ...steps },
  });
  const all = parameters(given);
  const feeds = Object.fromEntries(inputs.map(({ source }) => {
    const name = source.kind === "input" ? source.name : "";
    return [name, all[name]!];
  }));
  const result = await runGraph({ pixels }, feeds);
  return (result["pixels"]!.data as Float32Array).map((value) => 255 * value);
}

function largestDifference(actual: Float32Array, expected: Tensor, scale = 1): number {
  assertEquals(actual.length, expected.data.length);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i]! - scale * Number(expected.data[i])));
  }
  return largest;
}

for (const name of ["brightness", "contrast", "saturation", "hue"]) {
  Deno.test(`buildPhotometricGraph() adjusts ${name} as torchvision does, far within 1/255`, async () => {
    const made = await apply({ jitter: true }, { [name]: golden(name) });
    const difference = largestDifference(made, golden(`expected.${name}.float`), 255);
    assert(difference <= 0.01, `found a difference of ${difference} / 255`);
    // On bytes torchvision cuts the fraction off the gray and off the result: one level each at most.
    const cut = largestDifference(made, golden(`expected.${name}.bytes`));
    assert(cut <= 2, `found a difference of ${cut} / 255`);
  });
}

Deno.test("buildPhotometricGraph() turns gray as torchvision does, within 1/255", async () => {
  const made = await apply({ grayscale: true }, { grayscale: filled("float32", [COUNT], 1) });
  assert(largestDifference(made, golden("expected.grayscale")) <= 1 + 1e-3);
});

Deno.test("buildPhotometricGraph() solarizes as torchvision does, within 1/255", async () => {
  const recipe = byolViews(SIZE)[1]!;
  const { pixels } = buildPhotometricGraph({
    recipe,
    batchSize: COUNT,
    steps: { ...OFF, solarize: true },
  });
  const solarize = filled("float32", [COUNT], 1);
  const result = await runGraph({ pixels }, { images, solarize });
  const made = (result["pixels"]!.data as Float32Array).map((value) => 255 * value);
  assert(largestDifference(made, golden("expected.solarize")) <= 1 + 1e-3);
});

for (const kernel of [5, 23]) {
  Deno.test(`gaussianBlur() with a kernel of ${kernel} blurs as torchvision does, within 1/255`, async () => {
    const planes = input("planes", "float32", [COUNT, 3, SIZE, SIZE]);
    const sigma = input("sigma", "float32", [COUNT]);
    const blurred = gaussianBlur(planes, sigma, kernel);
    const source = new Float32Array(planes.shape.reduce((a, b) => a * b, 1));
    const area = SIZE * SIZE;
    for (let i = 0; i < source.length; i++) {
      const [sample, channel, pixel] = [
        Math.floor(i / (3 * area)),
        Math.floor(i / area) % 3,
        i % area,
      ];
      source[i] = Number(images.data[(sample * area + pixel) * 3 + channel]);
    }
    const result = await runGraph({ blurred }, {
      planes: float32(planes.shape, source),
      sigma: golden("blur_sigma"),
    });
    const made = result["blurred"]!.data as Float32Array;
    // torchvision rounds to 8 bits.
    assert(largestDifference(made, golden(`expected.blur_${kernel}`)) <= 0.5 + 1e-3);
    const off = await runGraph({ blurred }, {
      planes: float32(planes.shape, source),
      sigma: filled("float32", [COUNT], 0),
    });
    assertEquals(off["blurred"]!.data, source);
  });
}

Deno.test("colorJitter() applies the steps in all 24 orders as torchvision does", async () => {
  const order = golden("chain.order");
  const count = order.shape[0]!;
  const expected = golden("chain.expected");
  const side = expected.shape[2]!;
  const chosen = golden("chain.image").data as Int32Array;
  const source = new Float32Array(count * 3 * side * side);
  for (let sample = 0, at = 0; sample < count; sample++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let row = 8; row < 8 + side; row++) {
        for (let column = 8; column < 8 + side; column++, at++) {
          const pixel = (chosen[sample]! * SIZE + row) * SIZE + column;
          source[at] = Number(images.data[pixel * 3 + channel]) / 255;
        }
      }
    }
  }
  const value = (name: string) => input(name, "float32", [count]);
  const pixels = input("pixels", "float32", [count, 3, side * side]);
  const jittered = colorJitter(pixels, {
    brightness: value("brightness"),
    contrast: value("contrast"),
    saturation: value("saturation"),
    hue: value("hue"),
    order: input("order", "int64", [count, 4]),
  });
  const result = await runGraph({ jittered }, {
    pixels: float32(pixels.shape, source),
    brightness: golden("chain.brightness"),
    contrast: golden("chain.contrast"),
    saturation: golden("chain.saturation"),
    hue: golden("chain.hue"),
    order,
  });
  const made = (result["jittered"]!.data as Float32Array).map((pixel) => 255 * pixel);
  assert(largestDifference(made, expected, 255) <= 0.02);
  // Rounding to 8 bits after every step, as torchvision does on bytes, adds up to a few levels.
  assert(largestDifference(made, golden("chain.expected_uint8")) <= 6);
});

Deno.test("buildPhotometricGraph() normalises with the recipe's statistics", async () => {
  const recipe = smallImageView(SIZE);
  const { views, pixels } = buildPhotometricGraph({ recipe, batchSize: COUNT, steps: OFF });
  const result = await runGraph({ views, pixels }, { images });
  const area = SIZE * SIZE;
  for (const i of [0, area, 2 * area, 3 * area + 7]) {
    const channel = Math.floor(i / area) % 3;
    const { mean, std } = recipe.normalize;
    const expected = (Number(result["pixels"]!.data[i]) - mean[channel]!) / std[channel]!;
    assert(Math.abs(Number(result["views"]!.data[i]) - expected) < 1e-5);
  }
});

Deno.test("stepsOf() leaves out what a recipe never draws", () => {
  assertEquals(stepsOf(smallImageView(32)), {
    jitter: true,
    grayscale: true,
    blur: false,
    solarize: false,
  });
});

Deno.test("gaussianBlur() refuses an even kernel and one that reaches past a reflection", () => {
  const planes = input("planes", "float32", [1, 3, 8, 8]);
  const sigma = input("sigma", "float32", [1]);
  for (const kernel of [4, 17]) {
    assertThrows(() => gaussianBlur(planes, sigma, kernel), RangeError, `found ${kernel}`);
  }
});
