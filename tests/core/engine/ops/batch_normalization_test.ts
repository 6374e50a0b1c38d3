import { assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { batchNormalization } from "../../../../core/engine/ops/batch_normalization.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceSum } from "../../../../core/engine/ops/reduce_sum.ts";
import { runGraph } from "../../../run_graph.ts";
import { draw } from "./gradient_case.ts";
import { compareWithGolden } from "./window_golden.ts";

/** Scale and bias, where a case has them. */
function affine({ scale, bias }: Readonly<Record<string, Value>>): { scale?: Value; bias?: Value } {
  return { ...(scale && { scale }), ...(bias && { bias }) };
}

type Inputs = Readonly<Record<string, Value>>;

for (const provider of ["cpu", "cuda"] as const) {
  const build = (inputs: Inputs) =>
    withTarget({ provider }, () => ({ ...batchNormalization(inputs.x!, affine(inputs)) }));

  for (
    const name of ["batch norm", "batch norm features", "batch norm plain", "batch norm large"]
  ) {
    Deno.test(`batchNormalization() for ${provider} and its gradients are PyTorch's: ${name}`, async () => {
      await compareWithGolden(name, build);
    });
  }

  Deno.test(`batchNormalization() for ${provider} stays precise where the mean is 16 times the deviation`, async () => {
    await compareWithGolden("batch norm far", build, { tolerance: 2e-5 });
  });
}

Deno.test("batchNormalization() for CUDA is a kernel for what is linear in a channel", () => {
  const nodes = (provider: "cpu" | "cuda", by: (x: Value, y: Value) => Value[]) => {
    const [x, scale, bias] = [[8, 4, 5, 5], [4], [4]].map((shape, i) =>
      input("xsb"[i]!, "float32", shape)
    );
    const { y } = withTarget(
      { provider },
      () => batchNormalization(x!, { scale: scale!, bias: bias! }),
    );
    return nodesLeadingTo(by(x!, y), true).filter(({ op }) => op.type !== "Reshape").length;
  };
  assertEquals(nodes("cpu", (_, y) => [y]), 12);
  assertEquals(nodes("cuda", (_, y) => [y]), 5);
  const loss = (x: Value, y: Value) =>
    gradients(reduceSum(mul(y, y)), [x]).map((gradient) => gradient!);
  assertEquals([nodes("cpu", loss), nodes("cuda", loss)], [32, 19]);
});

Deno.test("batchNormalization() has the gradient of its central differences", async () => {
  for (const shape of [[5, 3], [4, 3, 2, 3], [2, 2, 36, 33]]) {
    const drawn = { x: shape, scale: [shape[1]!], bias: [shape[1]!] };
    const inputs = Object.fromEntries(
      Object.entries(drawn).map(([key, given]) => [key, draw(given, "float64", key, shape.length)]),
    );
    for (const provider of ["cpu", "cuda"] as const) {
      const build = (values: Inputs) =>
        withTarget({ provider }, () => batchNormalization(values.x!, affine(values)).y);
      await checkGradients(build, inputs, { evaluate: runGraph });
    }
  }
});

Deno.test("batchNormalization() gives statistics for each channel and names what does not fit", () => {
  const { y, mean, variance } = batchNormalization(input("x", "float32", [4, 3, 5]));
  assertEquals([y, mean, variance].map(({ shape }) => shape), [[4, 3, 5], [3], [3]]);
  assertThrows(() => batchNormalization(input("x", "float32", [4])), RangeError, "at least 2 axes");
});
