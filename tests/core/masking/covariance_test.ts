import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  COVARIANCE_ROWS,
  CovarianceAccumulator,
  covarianceErrorBound,
} from "../../../core/masking/covariance.ts";
import { type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_pca.safetensors", import.meta.url);

/** The tokens of reference/masking.py: three blobs away from zero. */
function blobs(): Tensor<"float32"> {
  const centres = hashedTensor("masking/centres", [3, 32]).data;
  const { data } = hashedTensor("masking/tokens", [600, 32]);
  const values = data.map((value, i) =>
    2 * centres[Math.floor(i / 32) % 3 * 32 + i % 32]! + 3 + value
  );
  return tensor("float32", [600, 32], values);
}

async function accumulate(batches: readonly Tensor<"float32">[], rows?: number) {
  using accumulator = await CovarianceAccumulator.create(batches[0]!.shape.at(-1)!, {
    threads: 1,
    ...(rows !== undefined && { rows }),
  });
  for (const batch of batches) await accumulator.add(batch);
  return await accumulator.finish();
}

/** Mean and covariance in float64, in two passes. */
function exact({ data, shape }: Tensor<"float32">) {
  const [count, width] = shape as [number, number];
  const mean = new Float64Array(width);
  data.forEach((value, i) => mean[i % width]! += value / count);
  const covariance = new Float64Array(width * width);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) {
      const centred = data[row * width + i]! - mean[i]!;
      for (let j = 0; j < width; j++) {
        covariance[i * width + j]! += centred * (data[row * width + j]! - mean[j]!) / (count - 1);
      }
    }
  }
  return { mean, covariance };
}

/** Largest difference from the exact covariance, as a share of its bound. */
async function worstShare(tokens: Tensor<"float32">, rows: number): Promise<number> {
  const found = await accumulate([tokens], rows);
  const { covariance } = exact(tokens);
  const width = tokens.shape[1]!;
  let worst = 0;
  covariance.forEach((value, at) => {
    const bound = covarianceErrorBound(found, Math.floor(at / width), at % width, rows);
    worst = Math.max(worst, Math.abs(found.covariance[at]! - value) / bound);
  });
  return worst;
}

Deno.test("CovarianceAccumulator gives PyTorch's mean and covariance", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  const found = await accumulate([blobs()]);
  assertEquals(found.count, 600);
  const mean = tensors.get("mean")!.data as Float32Array;
  const covariance = tensors.get("covariance64")!.data as Float64Array;
  const largest = covariance.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  mean.forEach((value, i) => assert(Math.abs(found.mean[i]! - value) < 1e-5 * 5));
  covariance.forEach((value, i) =>
    assert(Math.abs(found.covariance[i]! - value) < 1e-5 * largest, `entry ${i}`)
  );
});

Deno.test("CovarianceAccumulator keeps its error bound, in batches short and long, near zero and far from it", async () => {
  const { data } = hashedTensor("covariance/far", [1500, 12]);
  // Features of very different sizes, some far from zero.
  const far = data.map((value, i) => value * 10 ** (i % 12 - 6) + (i % 3) * 100);
  for (const tokens of [blobs(), tensor("float32", [1500, 12], far)]) {
    for (const rows of [7, 64, COVARIANCE_ROWS]) {
      const share = await worstShare(tokens, rows);
      assert(share <= 1, `${rows} rows: the error is ${share} of its bound`);
    }
  }
});

Deno.test("covarianceErrorBound() does not grow with the number of tokens", () => {
  const spread = Float64Array.of(1, 4);
  const few = covarianceErrorBound({ spread, count: 1e4 }, 0, 1);
  const many = covarianceErrorBound({ spread, count: 1e8 }, 0, 1);
  assert(many <= few);
  assert(many > 2 * 4 * COVARIANCE_ROWS * 2 ** -24 && many < 5e-4);
});

Deno.test("CovarianceAccumulator gives the same however tokens are divided among calls", async () => {
  const whole = blobs();
  const parts = [[0, 1], [1, 250], [250, 600]].map(([from, to]) =>
    tensor("float32", [to! - from!, 32], whole.data.slice(from! * 32, to! * 32))
  );
  const [one, three] = [await accumulate([whole], 64), await accumulate(parts, 64)];
  assertEquals(three, one);
  const grouped = tensor("float32", [6, 100, 32], whole.data);
  assertEquals(await accumulate([grouped], 64), one);
});

Deno.test("CovarianceAccumulator goes on after finish()", async () => {
  const whole = blobs();
  using accumulator = await CovarianceAccumulator.create(32, { rows: 64 });
  await accumulator.add(tensor("float32", [100, 32], whole.data.slice(0, 3200)));
  assertEquals((await accumulator.finish()).count, 100);
  await accumulator.add(tensor("float32", [500, 32], whole.data.slice(3200)));
  const { count, covariance } = await accumulator.finish();
  assertEquals(count, 600);
  const expected = exact(whole).covariance;
  const error = covariance.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - expected[i]!)),
    0,
  );
  assert(error < 1e-5, `the error is ${error}`);
});

Deno.test("CovarianceAccumulator refuses tokens of another width, without numbers, and too few", async () => {
  using accumulator = await CovarianceAccumulator.create(2, { rows: 4 });
  await assertRejects(
    () => accumulator.add(tensor("float32", [1, 3], new Float32Array(3))),
    RangeError,
    "Cannot add tokens float32[1,3] to a covariance: they must have 2 features",
  );
  await assertRejects(
    () => accumulator.add(tensor("float32", [1, 2], Float32Array.of(0, NaN))),
    RangeError,
    "features must be finite, found NaN",
  );
  await assertRejects(() => accumulator.finish(), RangeError, "it takes two tokens, found 0");
});
