import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { embeddingProjection } from "../../../core/encoders/embedding_projection.ts";

/** Features of 8 numbers, of which number i has a standard deviation of about 2 ** -i. */
function decaying(images: number): Tensor<"float32"> {
  const random = new RandomStream(0, "features");
  const data = Float32Array.from(
    { length: images * 8 },
    (_, i) => 3 + 2 ** -(i % 8) * random.uniform(-1, 1),
  );
  return float32([images, 8], data);
}

/** Variance of each coordinate of the projected features. */
function variances(features: Tensor<"float32">, projection: Tensor<"float32">): number[] {
  const [images, width] = features.shape as [number, number];
  return Array.from({ length: projection.shape[0]! }, (_, row) => {
    const values = Array.from({ length: images }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += projection.data[row * width + k]! * features.data[i * width + k]!;
      }
      return sum;
    });
    const mean = values.reduce((sum, value) => sum + value) / images;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / images;
  });
}

/** Length of the part of the projection that takes a feature. */
function gain(projection: Tensor<"float32">, feature: number): number {
  const [rows, width] = projection.shape as [number, number];
  return Math.hypot(
    ...Array.from({ length: rows }, (_, i) => projection.data[i * width + feature]!),
  );
}

Deno.test("embeddingProjection() gives all coordinates the same variance, and keeps the first components", () => {
  const features = decaying(400);
  const projection = embeddingProjection([features], { embedding: 4 });
  assertEquals(projection.shape, [4, 8]);
  const [first, ...others] = variances(features, projection);
  for (const variance of others) assertAlmostEquals(variance, first!, 1e-4 * first!);
  assertAlmostEquals(gain(projection, 0), 1, 0.01);
  assert(gain(projection, 7) < 0.1);
});

Deno.test("embeddingProjection() by an emphasis takes from components what they have of less variance", () => {
  const features = decaying(400);
  const projection = embeddingProjection([features], { embedding: 4, emphasis: 1 });
  assertAlmostEquals(gain(projection, 0), 1, 0.01);
  assertAlmostEquals(gain(projection, 2), 0.25, 0.03);
});

Deno.test("embeddingProjection() refuses lengths that it has no rotation for, and too few images", () => {
  const features = decaying(12);
  for (const embedding of [3, 16, 0]) {
    assertThrows(
      () => embeddingProjection([features], { embedding }),
      RangeError,
      "Cannot project",
    );
  }
  assertThrows(
    () => embeddingProjection([decaying(4)], { embedding: 4 }),
    RangeError,
    "each draw must have those of more than 4 images",
  );
  assertThrows(
    () => embeddingProjection([features], { embedding: 4, emphasis: -1 }),
    RangeError,
    "the emphasis must be 0 or more",
  );
});

Deno.test("embeddingProjection() of several draws puts what images differ in before what their draws do", () => {
  const random = new RandomStream(0, "draws");
  const images = 300;
  // Feature 0 differs most, between draws; feature 1 less, between images; feature 2 little, between images.
  const own = Float32Array.from({ length: images * 8 }, () => random.uniform(-1, 1));
  const draw = () =>
    float32(
      [images, 8],
      own.map((value, i) =>
        value * ([0, 1, 0.1][i % 8] ?? 0) + random.uniform(-1, 1) * ([3, 0.1, 0.05][i % 8] ?? 0.1)
      ),
    );
  const [one, two] = [draw(), draw()];
  const alone = embeddingProjection([one], { embedding: 2, emphasis: 2 });
  assert(gain(alone, 0) > 5 * gain(alone, 1));
  const discriminant = embeddingProjection([one, two], { embedding: 2, emphasis: 2 });
  assert(gain(discriminant, 1) > 20 * gain(discriminant, 0));
  const [first, second] = variances(one, discriminant);
  assertAlmostEquals(second!, first!, 0.2 * first!);
});

Deno.test("embeddingProjection() refuses draws that are the same, or of other images", () => {
  const features = decaying(100);
  assertThrows(
    () => embeddingProjection([features, features], { embedding: 4 }),
    RangeError,
    "2 draws of each image must differ",
  );
  assertThrows(
    () => embeddingProjection([features, decaying(99)], { embedding: 4 }),
    RangeError,
    "found float32[100,8], float32[99,8]",
  );
});
