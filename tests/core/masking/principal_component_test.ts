import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { principalComponent } from "../../../core/masking/principal_component.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_pca.safetensors", import.meta.url);

function covarianceOf(covariance: Float64Array<ArrayBuffer>, width: number) {
  const zeros = new Float64Array(width);
  return { covariance, mean: zeros, spread: zeros, count: 2 };
}

Deno.test("principalComponent() is PyTorch's first eigencoordinates, up to its sign", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  const covariance = tensors.get("covariance64")!.data as Float64Array<ArrayBuffer>;
  const { coordinates, variance, share } = principalComponent(covarianceOf(covariance, 32));
  const expected = tensors.get("vector")!.data as Float32Array;
  const eigenvalues = tensors.get("eigenvalues")!.data as Float32Array;
  const cosine = coordinates.reduce((sum, value, i) => sum + value * expected[i]!, 0);
  assert(Math.abs(cosine) > 1 - 1e-6, `the cosine is ${cosine}`);
  assertAlmostEquals(variance, eigenvalues[0]!, 1e-4);
  const total = eigenvalues.reduce((sum, value) => sum + value, 0);
  assertAlmostEquals(share, eigenvalues[0]! / total, 1e-5);
});

Deno.test("principalComponent() finds the axis of the largest variance", () => {
  const { coordinates, variance, share } = principalComponent(
    covarianceOf(Float64Array.of(1, 0, 0, 0, 6, 0, 0, 0, 3), 3),
  );
  assertAlmostEquals(Math.abs(coordinates[1]!), 1, 1e-7);
  assertAlmostEquals(variance, 6, 1e-12);
  assertAlmostEquals(share, 0.6, 1e-12);
});

Deno.test("principalComponent() refuses tokens that do not differ", () => {
  assertThrows(
    () => principalComponent(covarianceOf(new Float64Array(4), 2)),
    RangeError,
    "tokens must differ, found variance 0 in all",
  );
});
