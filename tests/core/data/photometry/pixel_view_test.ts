import { assert, assertEquals } from "@std/assert";
import { mocoV2View } from "../../../../core/data/mod.ts";
import { JITTER_STEPS, type JitterOrder } from "../../../../core/data/photometry/mod.ts";
import { applyPixelSteps, type PixelStep } from "../../../../core/data/photometry/pixel_view.ts";
import type { Normalization } from "../../../../core/data/views/recipe.ts";
import { grayscale } from "../../../../core/data/views/steps/grayscale.ts";
import { jitter, type JitterParameters } from "../../../../core/data/views/steps/jitter.ts";
import { solarize } from "../../../../core/data/views/steps/solarize.ts";
import type { PhotometricStep } from "../../../../core/data/views/steps/mod.ts";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { COUNT, golden, images, largestDifference, only, planesOf, SIZE } from "./golden.ts";

const STILL: JitterParameters = { ...jitter.none, apply: true };

/** Steps of a view, in their order. */
interface PixelSteps {
  readonly jitter?: JitterParameters;
  readonly grayscale?: boolean;
  /** Threshold of the solarization. */
  readonly solarize?: number;
  readonly normalize?: Normalization;
}

/** A step by its kernel. */
function kernelOf<R, D>(
  { kernel }: PhotometricStep<string, R, D>,
  sampled: D,
  recipe: R,
): PixelStep {
  if (kernel?.kind !== "pixels") throw new Error("the step changes each pixel by itself");
  return (view) => kernel.apply(view, sampled, recipe);
}

function stepsOf({ jitter: sampled, grayscale: gray, solarize: threshold, normalize }: PixelSteps) {
  const steps: PixelStep[] = [];
  const strength = { probability: 1, brightness: 1, contrast: 1, saturation: 1, hue: 0.5 };
  if (sampled) steps.push(kernelOf(jitter, sampled, strength));
  if (gray) steps.push(kernelOf(grayscale, true, 1));
  if (threshold !== undefined) {
    steps.push(kernelOf(solarize, true, { probability: 1, threshold }));
  }
  if (normalize) steps.push((view) => view.normalize(normalize));
  return steps;
}

/** The planes of an image after some steps, as a batch of one. */
function apply(image: Uint8Array | Float32Array, steps: PixelSteps, side: number): Tensor {
  const made = new Float32Array(image.length);
  applyPixelSteps(image, stepsOf(steps), made);
  return float32([1, 3, side, side], made);
}

function goldenImage(sample: number): Uint8Array {
  return only(sample, images).data as Uint8Array;
}

/** What was sampled for a sample of the goldens' chains of all four steps. */
function sampledJitter(sample: number): JitterParameters {
  const of = (name: string) => Number(golden(`chain.${name}`).data[sample]);
  const order = Array.from(only(sample, golden("chain.order")).data, Number);
  return {
    apply: true,
    order: order as unknown as JitterOrder,
    brightness: of("brightness"),
    contrast: of("contrast"),
    saturation: of("saturation"),
    hue: of("hue"),
  };
}

Deno.test("applyPixelSteps() jitters in all 24 orders as torchvision does", () => {
  const expected = golden("chain.expected.float");
  const [count, , side] = expected.shape as [number, number, number];
  for (let sample = 0; sample < count; sample++) {
    const planes = planesOf(Number(golden("chain.image").data[sample]), 8, side);
    const made = apply(planes.data as Float32Array, { jitter: sampledJitter(sample) }, side);
    const difference = largestDifference(made, only(sample, expected), 255);
    assert(difference <= 0.02, `found a difference of ${difference} / 255 in sample ${sample}`);
  }
});

for (const name of JITTER_STEPS) {
  Deno.test(`applyPixelSteps() adjusts ${name} as torchvision does, far within 1/255`, () => {
    for (let sample = 0; sample < COUNT; sample++) {
      const jitter = { ...STILL, [name]: Number(golden(name).data[sample]) };
      const made = apply(goldenImage(sample), { jitter }, SIZE);
      const expected = only(sample, golden(`expected.${name}.float`));
      const difference = largestDifference(made, expected, 255);
      assert(difference <= 0.01, `found a difference of ${difference} / 255 in sample ${sample}`);
    }
  });
}

Deno.test("applyPixelSteps() turns corners, grays, ties and other colours by any shift as torchvision does", () => {
  const colours = golden("hue.colours").data as Float32Array;
  golden("hue.turns").data.forEach((turns, sample) => {
    const made = apply(colours, { jitter: { ...STILL, hue: Number(turns) } }, 8);
    const difference = largestDifference(made, only(sample, golden("hue.expected")));
    assert(difference <= 1e-5, `found a difference of ${difference} at ${turns} turns`);
  });
});

Deno.test("applyPixelSteps() turns gray and solarizes as torchvision does", () => {
  for (let sample = 0; sample < COUNT; sample++) {
    const image = goldenImage(sample);
    const gray = apply(image, { grayscale: true }, SIZE);
    assert(largestDifference(gray, only(sample, golden("expected.grayscale"))) <= 1 + 1e-3);
    const solarized = apply(image, { solarize: 128 }, SIZE);
    assertEquals(largestDifference(solarized, only(sample, golden("expected.solarize"))), 0);
  }
});

Deno.test("applyPixelSteps() normalises last, and takes planes like bytes", () => {
  const { normalize } = mocoV2View(SIZE);
  const { mean, std } = normalize;
  const planes = apply(goldenImage(0), {}, SIZE);
  assertEquals(planes.data, planesOf(0, 0, SIZE).data);
  const made = apply(goldenImage(0), { solarize: 128, normalize }, SIZE);
  const expected = Array.from(planes.data as Float32Array, (value, i) => {
    const channel = Math.floor(i / SIZE ** 2);
    return ((value < 128 ? value : 255 - value) / 255 - mean[channel]!) / std[channel]!;
  });
  assert(largestDifference(made, float32(made.shape, expected)) <= 1e-5);
  const again = apply(planes.data as Float32Array, { solarize: 128, normalize }, SIZE);
  assertEquals(again.data, made.data);
});

Deno.test("applyPixelSteps() takes the mean gray of sides that no vector divides, whatever came before", () => {
  const random = new RandomStream(0, "pixels");
  apply(new Uint8Array(3 * 64 ** 2).fill(255), {}, 64);
  for (const side of [1, 3, 67]) {
    const image = Uint8Array.from({ length: 3 * side ** 2 }, () => random.integer(256));
    const gray = Array.from(
      { length: side ** 2 },
      (_, i) => 0.2989 * image[3 * i]! + 0.587 * image[3 * i + 1]! + 0.114 * image[3 * i + 2]!,
    );
    const mean = gray.reduce((sum, value) => sum + value) / gray.length;
    const before = apply(image, {}, side);
    const expected = float32(
      before.shape,
      Array.from(before.data as Float32Array, (value) => 0.5 * value + 0.5 * mean),
    );
    const jitter = { ...STILL, contrast: 0.5 };
    for (const given of [image, before.data as Float32Array]) {
      assert(largestDifference(apply(given, { jitter }, side), expected) <= 1e-3, `side ${side}`);
    }
  }
});
