import { assertAlmostEquals, assertEquals } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { filled, tensor } from "../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../core/engine/graph/value.ts";
import { barlowTwins } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

async function readGolden(shape: string) {
  const name = `../../../fixtures/golden/loss_barlow_twins_${shape}.safetensors`;
  return (await readSafetensors(new URL(name, import.meta.url).pathname)).tensors;
}

// Fewer samples than coordinates, and more: the loss takes another way in each case.
for (const shape of ["wide", "long"]) {
  const golden = await readGolden(shape);
  for (const kind of ["plain", "weighted"]) {
    Deno.test(`barlowTwins() gives PyTorch's ${kind} loss and gradients of ${shape} embeddings`, async () => {
      const [first, second] = ["first", "second"].map((name) =>
        input(name, "float64", golden.get(name)!.shape)
      ) as [ReturnType<typeof input>, ReturnType<typeof input>];
      const weights = kind === "weighted" ? constant(golden.get("weights")!) : undefined;
      const loss = barlowTwins(first, second, weights && { weights });
      const [a, b] = gradients(loss, [first, second]);
      const found = await runGraph({ loss, "d first": a!, "d second": b! }, {
        first: golden.get("first")!,
        second: golden.get("second")!,
      });
      for (const [name, actual] of Object.entries(found)) {
        const expected = golden.get(`${kind}.${name.replace("d ", "")}`)!;
        assertEquals(actual.shape, expected.shape);
        expected.data.forEach((value, i) =>
          assertAlmostEquals(Number(actual.data[i]!), Number(value), 1e-12, `${name}[${i}]`)
        );
      }
    });
  }

  Deno.test(`barlowTwins() has the gradients that central differences give of ${shape} embeddings`, async () => {
    await checkGradients(
      ({ first, second, weights }) => barlowTwins(first!, second!, { weights: weights! }),
      Object.fromEntries(["first", "second", "weights"].map((name) => [name, golden.get(name)!])),
      { evaluate: runGraph },
    );
  });
}

Deno.test("barlowTwins() of constant embeddings is their width", async () => {
  const same = constant(filled("float32", [4, 6], 3));
  const { loss } = await runGraph({ loss: barlowTwins(same, same) }, {});
  assertAlmostEquals(Number(loss!.data[0]), 6, 1e-6);
});

Deno.test("barlowTwins() of views that agree in coordinates of their own is 0, whatever pairs weigh", async () => {
  // Two coordinates without correlation, also where the first half of the samples weighs more than the second.
  const rows = Float64Array.from([1, 1, 1, -1, -1, 1, -1, -1], (x) => 1e3 * x);
  const z = constant(tensor("float64", [4, 2], rows));
  const weights = constant(tensor("float64", [4], Float64Array.from([1.5, 1.5, 0.5, 0.5])));
  const { loss } = await runGraph({ loss: barlowTwins(z, z, { weights }) }, {});
  assertAlmostEquals(Number(loss!.data[0]), 0, 1e-9);
});
