import { assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../../core/engine/autodiff/check_gradients.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { batchNormalization } from "../../../../core/engine/ops/batch_normalization.ts";
import { runGraph } from "../../../run_graph.ts";
import { draw } from "./gradient_case.ts";
import { compareWithGolden } from "./window_golden.ts";

/** Scale and bias, where a case has them. */
function affine({ scale, bias }: Readonly<Record<string, Value>>): { scale?: Value; bias?: Value } {
  return { ...(scale && { scale }), ...(bias && { bias }) };
}

for (const name of ["batch norm", "batch norm features", "batch norm plain", "batch norm large"]) {
  Deno.test(`batchNormalization() and its gradients are PyTorch's: ${name}`, async () => {
    await compareWithGolden(
      name,
      (inputs) => ({ ...batchNormalization(inputs.x!, affine(inputs)) }),
    );
  });
}

Deno.test("batchNormalization() stays precise where the mean is 16 times the deviation", async () => {
  const build = (inputs: Readonly<Record<string, Value>>) => ({
    ...batchNormalization(inputs.x!, affine(inputs)),
  });
  await compareWithGolden("batch norm far", build, { tolerance: 2e-5 });
});

Deno.test("batchNormalization() has the gradient of its central differences", async () => {
  for (const shape of [[5, 3], [4, 3, 2, 3], [2, 2, 36, 33]]) {
    const drawn = { x: shape, scale: [shape[1]!], bias: [shape[1]!] };
    const inputs = Object.fromEntries(
      Object.entries(drawn).map(([key, given]) => [key, draw(given, "float64", key, shape.length)]),
    );
    const build = (values: Readonly<Record<string, Value>>) =>
      batchNormalization(values.x!, affine(values)).y;
    await checkGradients(build, inputs, { evaluate: runGraph });
  }
});

Deno.test("batchNormalization() gives statistics for each channel and names what does not fit", () => {
  const { y, mean, variance } = batchNormalization(input("x", "float32", [4, 3, 5]));
  assertEquals([y, mean, variance].map(({ shape }) => shape), [[4, 3, 5], [3], [3]]);
  assertThrows(() => batchNormalization(input("x", "float32", [4])), RangeError, "at least 2 axes");
});
