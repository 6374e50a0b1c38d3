import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../core/engine/graph/value.ts";
import { negativeCosineSimilarity } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

async function readGolden(): Promise<ReadonlyMap<string, Tensor>> {
  const name = "../../../fixtures/golden/loss_negative_cosine_similarity.safetensors";
  return (await readSafetensors(new URL(name, import.meta.url).pathname)).tensors;
}

function inputOf(golden: ReadonlyMap<string, Tensor>, name: string): Value {
  const { dtype, shape } = golden.get(name)!;
  return input(name, dtype, shape);
}

function rows(shape: readonly number[], values: readonly number[]): Tensor {
  return tensor("float64", shape, Float64Array.from(values));
}

for (const kind of ["plain", "weighted"]) {
  Deno.test(`negativeCosineSimilarity() gives PyTorch's ${kind} loss and gradients`, async () => {
    const golden = await readGolden();
    const [p, z] = [inputOf(golden, "prediction"), inputOf(golden, "target")];
    const weights = kind === "weighted" ? inputOf(golden, "weights") : undefined;
    const loss = negativeCosineSimilarity(p, z, weights && { weights });
    const [prediction, target] = gradients(loss, [p, z]);
    const found = await runGraph(
      { loss, "gradient.prediction": prediction!, "gradient.target": target! },
      Object.fromEntries(
        ["prediction", "target", ...(weights ? ["weights"] : [])].map((
          name,
        ) => [name, golden.get(name)!]),
      ),
    );
    for (const [name, actual] of Object.entries(found)) {
      const expected = golden.get(`${kind}.${name.replace("gradient.", "")}`)!;
      assertEquals(actual.shape, expected.shape);
      expected.data.forEach((value, i) =>
        assertAlmostEquals(Number(actual.data[i]!), Number(value), 1e-12, `${name}[${i}]`)
      );
    }
  });
}

Deno.test("negativeCosineSimilarity() has the gradients that central differences give", async () => {
  const golden = await readGolden();
  const [prediction, target] = [golden.get("prediction")!, golden.get("target")!];
  await checkGradients(
    ({ prediction, target }) => negativeCosineSimilarity(prediction!, target!),
    { prediction, target },
    { evaluate: runGraph },
  );
});

Deno.test("negativeCosineSimilarity() is -1 for the same direction, 1 for the opposite, 0 at right angles", async () => {
  const shape = [1, 2];
  const [p, z] = [input("p", "float64", shape), input("z", "float64", shape)];
  const at = async (prediction: readonly number[], target: readonly number[]) => {
    const feeds = { p: rows(shape, prediction), z: rows(shape, target) };
    return Number((await runGraph({ y: negativeCosineSimilarity(p, z) }, feeds)).y!.data[0]);
  };
  assertAlmostEquals(await at([3, 4], [30, 40]), -1, 1e-12);
  assertAlmostEquals(await at([3, 4], [-6, -8]), 1, 1e-12);
  assertAlmostEquals(await at([3, 4], [-4, 3]), 0, 1e-12);
});

Deno.test("negativeCosineSimilarity() of a row of zeros is 0, not what is no number", async () => {
  const shape = [2, 2];
  const [p, z] = [input("p", "float64", shape), input("z", "float64", shape)];
  const loss = negativeCosineSimilarity(p, z);
  const [dp] = gradients(loss, [p]);
  const feeds = { p: rows(shape, [0, 0, 1, 0]), z: rows(shape, [1, 1, 1, 0]) };
  const found = await runGraph({ loss, dp: dp! }, feeds);
  assertAlmostEquals(Number(found.loss!.data[0]), -0.5, 1e-12);
  assert(found.dp!.data.every((value) => Number.isFinite(Number(value))));
});
