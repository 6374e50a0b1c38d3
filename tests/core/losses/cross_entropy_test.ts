import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { int64, tensor } from "../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../core/engine/graph/value.ts";
import { crossEntropy } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

const PATH = new URL("../../../fixtures/golden/loss_cross_entropy.safetensors", import.meta.url);
const golden = (await readSafetensors(PATH.pathname)).tensors;

for (const target of ["labels", "probabilities"]) {
  for (const kind of ["plain", "weighted"]) {
    Deno.test(`crossEntropy() of ${target} gives PyTorch's ${kind} loss and gradients`, async () => {
      const logits = input("logits", "float64", golden.get("logits")!.shape);
      const { dtype, shape } = golden.get(target)!;
      const given = input("target", dtype, shape);
      const weights = kind === "weighted" ? constant(golden.get("weights")!) : undefined;
      const loss = crossEntropy(logits, given, weights && { weights });
      const found = await runGraph({ loss, "d logits": gradients(loss, [logits])[0]! }, {
        logits: golden.get("logits")!,
        target: golden.get(target)!,
      });
      for (const [name, actual] of Object.entries(found)) {
        const expected = golden.get(`${target}.${kind}.${name.replace("d ", "")}`)!;
        assertEquals(actual.shape, expected.shape);
        expected.data.forEach((value, i) =>
          assertAlmostEquals(Number(actual.data[i]!), Number(value), 1e-12, `${name}[${i}]`)
        );
      }
    });
  }
}

Deno.test("crossEntropy() passes PyTorch's gradient on to probabilities", async () => {
  const target = input("target", "float64", golden.get("probabilities")!.shape);
  const loss = crossEntropy(constant(golden.get("logits")!), target);
  const feeds = { target: golden.get("probabilities")! };
  const { found } = await runGraph({ loss, found: gradients(loss, [target])[0]! }, feeds);
  golden.get("probabilities.plain.target")!.data.forEach((value, i) =>
    assertAlmostEquals(Number(found!.data[i]!), Number(value), 1e-12)
  );
});

Deno.test("crossEntropy() has the gradients that central differences give", async () => {
  await checkGradients(
    ({ logits, probabilities, weights }) =>
      crossEntropy(logits!, probabilities!, { weights: weights! }),
    Object.fromEntries(
      ["logits", "probabilities", "weights"].map((name) => [name, golden.get(name)!]),
    ),
    { evaluate: runGraph },
  );
});

Deno.test("crossEntropy() of equal logits is the logarithm of the number of classes", async () => {
  const logits = constant(tensor("float32", [2, 4], new Float32Array(8).fill(7)));
  const { loss } = await runGraph({ loss: crossEntropy(logits, constant(int64([2], [3, 0]))) }, {});
  assertAlmostEquals(Number(loss!.data[0]), Math.log(4), 1e-6);
});

Deno.test("crossEntropy() says what does not fit", () => {
  const logits = input("logits", "float32", [2, 4]);
  assertThrows(
    () => crossEntropy(input("x", "float32", [2]), input("labels", "int64", [2])),
    RangeError,
    "logits must be [N,C], found [2]",
  );
  assertThrows(
    () => crossEntropy(logits, input("labels", "int64", [3])),
    RangeError,
    "labels must be [2], found [3]",
  );
  assertThrows(
    () => crossEntropy(logits, input("probabilities", "float32", [2, 3])),
    TypeError,
    "the target must be int64[2] or float32[2,4], found float32[2,3]",
  );
});
