import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32, tensor } from "../../../core/engine/graph/tensor.ts";
import { tokenScores } from "../../../core/masking/scores.ts";
import { readNpy } from "../../../core/weights/npy.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_pca.safetensors", import.meta.url);

Deno.test("tokenScores() are PyTorch's products, not centred", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  const centres = hashedTensor("masking/centres", [3, 32]).data;
  const tokens = hashedTensor("masking/tokens", [600, 32]).data.map((value, i) =>
    2 * centres[Math.floor(i / 32) % 3 * 32 + i % 32]! + 3 + value
  );
  const vector = tensors.get("vector")!.data as Float32Array;
  const { shape, data } = tokenScores(tensor("float32", [3, 200, 32], tokens), vector);
  assertEquals(shape, [3, 200]);
  const expected = tensors.get("scores")!.data as Float32Array;
  const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
  assert(error < 1e-5, `scores differ by ${error}`);
});

Deno.test("tokenScores() refuses a component of another width", () => {
  assertThrows(
    () => tokenScores(float32([1, 2], [1, 2]), Float32Array.of(1)),
    RangeError,
    "Cannot score tokens float32[1,2]: they must have the component's 1 features",
  );
});

/** The component that GenView publishes; it is not a part of the project. */
const SHARED = new URL("../../../../shared/data/", import.meta.url);

async function shipped(name: string) {
  const path = new URL(`${name}.npy`, SHARED).pathname;
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`skipped: GenView's ${name}.npy is not at ${path}`);
    return undefined;
  }
  return await readNpy(path);
}

Deno.test("tokenScores() of the mean that GenView publishes is what all its scores are shifted by", async () => {
  const vector = await shipped("pca_vectors_vit_h_14_laion2b_s32b_b79k");
  const mean = await shipped("mean_vectors_vit_h_14_laion2b_s32b_b79k");
  if (vector === undefined || mean === undefined) return;
  assertEquals([vector.dtype, vector.shape, mean.shape], ["float32", [1280, 1], [1280]]);
  const component = vector.data as Float32Array;
  const first = [-0.00254078, -0.00613055, -0.00525638, 0.00029868, 0.02176583];
  first.forEach((value, i) => assertAlmostEquals(component[i]!, value, 5e-9));
  const [shift] = tokenScores(
    tensor("float32", [1, 1280], mean.data as Float32Array<ArrayBuffer>),
    component,
  ).data;
  assertAlmostEquals(shift!, -5.29082, 1e-5);
  assertAlmostEquals(Math.hypot(...component), 1, 1e-6);
});

Deno.test("GenView's component of ConvNeXt is a unit vector of 1024 coordinates", async () => {
  const vector = await shipped("pca_vectors_convnext_base_w_laion2b_s13b_b82k_augreg");
  if (vector === undefined) return;
  assertEquals(vector.shape, [1024, 1]);
  const first = [0.0362304, 0.03768486, -0.00364923, -0.00578473, -0.01054983];
  first.forEach((value, i) => assertAlmostEquals(Number(vector.data[i]), value, 5e-9));
  assertAlmostEquals(Math.hypot(...vector.data as Float32Array), 1, 1e-6);
});
