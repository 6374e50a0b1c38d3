import { assert, assertEquals } from "@std/assert";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { constantInitializer } from "../../../../core/engine/nn/initializers.ts";
import { linear } from "../../../../core/engine/nn/linear.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { runGraph } from "../../../run_graph.ts";
import { hashedParameters, hashedTensor } from "./hashed_values.ts";
import { relativeError } from "./relative_error.ts";

Deno.test("linear() multiplies by the transposed weight and adds the bias", async () => {
  const y = linear(new Scope(), "fc", input("x", "float32", [2, 3]), { width: 2 });
  const results = await runGraph({ y }, {
    x: float32([2, 3], [1, 2, 3, 4, 5, 6]),
    "fc.weight": float32([2, 3], [1, 0, -1, 2, 1, 0]),
    "fc.bias": float32([2], [10, 20]),
  });
  assertEquals(results.y, float32([2, 2], [8, 24, 8, 33]));
});

Deno.test("linear() maps the last of several axes", async () => {
  const scope = new Scope();
  const y = linear(scope, "fc", input("x", "float32", [2, 1, 2]), { width: 1, bias: false });
  assertEquals([...scope.declarations.keys()], ["fc.weight"]);
  const results = await runGraph({ y }, {
    x: float32([2, 1, 2], [1, 2, 3, 4]),
    "fc.weight": float32([1, 2], [1, 10]),
  });
  assertEquals(results.y, float32([2, 1, 1], [21, 43]));
});

Deno.test("linear() is the same map as a convolution, where weights are fixed on the CPU", async () => {
  const scope = new Scope();
  const x = input("x", "float32", [2, 3, 2, 4]);
  const build = () => linear(scope, "fc", x, { width: 5 });
  const outputs = { product: build(), convolution: withTarget({ fixedWeights: true }, build) };
  assertEquals(scope.declarations.size, 2);
  const types = ({ product, convolution }: typeof outputs) =>
    [product, convolution].map((y) =>
      nodesLeadingTo([y], true).map(({ op }) => op.type).filter((type) => /Gemm|Conv/.test(type))
    );
  assertEquals(types(outputs), [["Gemm"], ["Conv"]]);
  const feeds = { ...hashedParameters(scope), x: hashedTensor("x", x.shape) };
  const results = await runGraph(outputs, feeds);
  assertEquals(results.convolution!.shape, [2, 3, 2, 5]);
  const error = relativeError(results.convolution!.data, results.product!.data);
  assert(error < 1e-6, `differs by ${error} of its norm`);
});

Deno.test("linear() starts as PyTorch's: weight and bias within 1/sqrt(fan in)", () => {
  const scope = new Scope();
  linear(scope, "fc", input("x", "float32", [2, 64]), { width: 256 });
  for (const [name, { data }] of scope.initialize(0)) {
    const most = (data as Float32Array).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    assert(most <= 0.125 && most > 0.12, `${name} reaches ${most}`);
  }
});

Deno.test("linear() takes other initial values", () => {
  const scope = new Scope();
  linear(scope, "fc", input("x", "float32", [2, 1]), {
    width: 1,
    weightInitializer: constantInitializer(2),
    biasInitializer: constantInitializer(3),
  });
  const initial = scope.initialize(0);
  assertEquals(initial.get("fc.weight"), float32([1, 1], [2]));
  assertEquals(initial.get("fc.bias"), float32([1], [3]));
});
