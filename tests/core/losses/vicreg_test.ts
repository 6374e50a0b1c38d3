import { assertAlmostEquals, assertEquals } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { filled } from "../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../core/engine/graph/value.ts";
import { covarianceLoss, invarianceLoss, varianceLoss } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

async function readGolden(shape: string) {
  const name = `../../../fixtures/golden/loss_vicreg_${shape}.safetensors`;
  return (await readSafetensors(new URL(name, import.meta.url).pathname)).tensors;
}

/** A term, and the names of what it reads. */
interface Term {
  readonly reads: readonly string[];
  readonly loss: (first: Value, second: Value, weights: Value) => Value;
}

/** The terms by their names in the golden. */
const TERMS: Readonly<Record<string, Term>> = {
  "variance": { reads: ["first"], loss: varianceLoss },
  "covariance": { reads: ["first"], loss: covarianceLoss },
  "invariance": {
    reads: ["first", "second"],
    loss: (first, second) => invarianceLoss(first, second),
  },
  "invariance.weighted": {
    reads: ["first", "second", "weights"],
    loss: (first, second, weights) => invarianceLoss(first, second, { weights }),
  },
};

// Fewer samples than coordinates, and more: the covariance takes another way in each case.
for (const shape of ["wide", "long"]) {
  const golden = await readGolden(shape);
  for (const [name, term] of Object.entries(TERMS)) {
    Deno.test(`VICReg's ${name} gives PyTorch's loss and gradient of ${shape} embeddings`, async () => {
      const first = input("first", "float64", golden.get("first")!.shape);
      const [second, weights] = ["second", "weights"].map((key) => constant(golden.get(key)!));
      const loss = term.loss(first, second!, weights!);
      const found = await runGraph({ loss, "d first": gradients(loss, [first])[0]! }, {
        first: golden.get("first")!,
      });
      for (const [output, actual] of Object.entries(found)) {
        const expected = golden.get(`${name}.${output.replace("d ", "")}`)!;
        assertEquals(actual.shape, expected.shape);
        expected.data.forEach((value, i) =>
          assertAlmostEquals(Number(actual.data[i]!), Number(value), 1e-12, `${output}[${i}]`)
        );
      }
    });

    Deno.test(`VICReg's ${name} has the gradients that central differences give of ${shape} embeddings`, async () => {
      await checkGradients(
        ({ first, second, weights }) => term.loss(first!, second!, weights!),
        Object.fromEntries(term.reads.map((key) => [key, golden.get(key)!])),
        { evaluate: runGraph },
      );
    });
  }
}

Deno.test("VICReg's terms of constant embeddings are 0.99, 0 and 0", async () => {
  const z = constant(filled("float32", [4, 6], 3));
  const found = await runGraph({
    variance: varianceLoss(z),
    invariance: invarianceLoss(z, z),
    covariance: covarianceLoss(z),
  }, {});
  assertAlmostEquals(Number(found["variance"]!.data[0]), 0.99, 1e-6);
  assertEquals(Number(found["invariance"]!.data[0]), 0);
  assertEquals(Number(found["covariance"]!.data[0]), 0);
});
