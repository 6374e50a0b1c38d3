import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../../core/engine/autodiff/check_gradients.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { float32, int64, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { batchNorm } from "../../../../core/engine/nn/batch_norm.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceMean } from "../../../../core/engine/ops/reduce_mean.ts";
import { runGraph } from "../../../run_graph.ts";

const x = input("x", "float32", [4, 2]);
const FEATURES = float32([4, 2], [1, 10, 2, 20, 3, 30, 6, 60]);
const BUFFERS = {
  "bn.running_mean": float32([2], [1, -1]),
  "bn.running_var": float32([2], [4, 0.25]),
  "bn.num_batches_tracked": int64([], [7]),
};

function assertNear(actual: Tensor, expected: readonly number[], tolerance = 1e-5): void {
  assertEquals(actual.data.length, expected.length);
  expected.forEach((value, i) =>
    assertAlmostEquals(Number(actual.data[i]!), value, tolerance * Math.max(1, Math.abs(value)))
  );
}

for (const provider of ["cpu", "cuda"] as const) {
  Deno.test(`batchNorm() for ${provider} in training normalises by the batch and moves the running statistics`, async () => {
    const scope = new Scope({ training: true });
    const y = withTarget({ provider }, () => batchNorm(scope, "bn", x, { affine: false }));
    const results = await runGraph({ y, ...prefixed(scope) }, { x: FEATURES, ...BUFFERS });
    // Means 3 and 30, biased variances 3.5 and 350, unbiased ones 14/3 and 1400/3.
    const deviation = Math.sqrt(3.5 + 1e-5);
    assertNear(results.y!, [-2, -2, -1, -1, 0, 0, 3, 3].map((value) => value / deviation));
    assertNear(results["next bn.running_mean"]!, [0.9 + 0.3, -0.9 + 3]);
    assertNear(results["next bn.running_var"]!, [3.6 + 14 / 30, 0.225 + 140 / 3]);
    assertEquals(results["next bn.num_batches_tracked"], int64([], [8]));
  });
}

Deno.test("batchNorm() in training passes the running statistics from one application to the next", async () => {
  const scope = new Scope({ training: true });
  batchNorm(scope, "bn", x, { affine: false });
  batchNorm(scope, "bn", input("other", "float32", [4, 2]), { affine: false });
  const other = float32([4, 2], [0, 0, 2, 2, 0, 0, 2, 2]);
  const results = await runGraph(prefixed(scope), { x: FEATURES, other, ...BUFFERS });
  assertNear(results["next bn.running_mean"]!, [0.9 * 1.2 + 0.1, 0.9 * 2.1 + 0.1]);
  assertEquals(results["next bn.num_batches_tracked"], int64([], [9]));
});

Deno.test("batchNorm() in inference normalises by the running statistics, scales and shifts", async () => {
  const scope = new Scope();
  const y = batchNorm(scope, "bn", x);
  assertEquals(scope.written.size, 0);
  const results = await runGraph({ y }, {
    x: FEATURES,
    "bn.running_mean": BUFFERS["bn.running_mean"],
    "bn.running_var": BUFFERS["bn.running_var"],
    "bn.weight": float32([2], [2, 1]),
    "bn.bias": float32([2], [0, 5]),
  });
  const expected = [0, 27, 1, 47, 2, 67, 5, 127];
  assertNear(results.y!, expected, 1e-4);
});

Deno.test("batchNorm() in groups normalises sample i with those of group i mod groups", async () => {
  const scope = new Scope({ training: true });
  const build = (part: Value) => batchNorm(scope, "bn", part);
  const y = scope.within({ batchNormGroups: 2 }, (grouped) => batchNorm(grouped, "bn", x));
  const first = build(input("first", "float32", [2, 2]));
  const second = build(input("second", "float32", [2, 2]));
  const parameters = {
    "bn.weight": float32([2], [2, 0.5]),
    "bn.bias": float32([2], [-1, 3]),
  };
  const feeds = {
    x: FEATURES,
    first: float32([2, 2], [1, 10, 3, 30]),
    second: float32([2, 2], [2, 20, 6, 60]),
  };
  const results = await runGraph({ y, one: first, other: second }, { ...feeds, ...parameters });
  const [a, b] = [results["one"]!.data, results["other"]!.data].map((data) =>
    [...data].map(Number)
  );
  assertNear(results.y!, [...a!.slice(0, 2), ...b!.slice(0, 2), ...a!.slice(2), ...b!.slice(2)]);
});

Deno.test("batchNorm() in groups moves the running statistics by the mean of theirs", async () => {
  const scope = new Scope({ training: true });
  scope.within({ batchNormGroups: 2 }, (grouped) => batchNorm(grouped, "bn", x, { affine: false }));
  const results = await runGraph(prefixed(scope), { x: FEATURES, ...BUFFERS });
  // Groups 1, 3 and 2, 6: means 2 and 4, unbiased variances 2 and 8; the other channel ten times as far.
  assertNear(results["next bn.running_mean"]!, [0.9 + 0.3, -0.9 + 3]);
  assertNear(results["next bn.running_var"]!, [3.6 + 0.5, 0.225 + 50]);
  assertEquals(results["next bn.num_batches_tracked"], int64([], [8]));
});

Deno.test("batchNorm() in groups has the gradients that central differences give", async () => {
  await checkGradients(
    ({ x, scale, bias }) => {
      const scope = new Scope({ training: true, dtype: "float64" });
      const y = scope.within(
        { batchNormGroups: 2 },
        (grouped) => batchNorm(grouped, "bn", x!, { affine: false }),
      );
      return reduceMean(mul(add(mul(y, scale!), bias!), y));
    },
    {
      x: tensor(
        "float64",
        [6, 2, 2, 1],
        Float64Array.from({ length: 24 }, (_, i) => Math.sin(3 * i)),
      ),
      scale: tensor("float64", [1], Float64Array.of(1.5)),
      bias: tensor("float64", [1], Float64Array.of(-0.25)),
    },
    { evaluate: runGraph },
  );
});

Deno.test("batchNorm() declares the same names in training and inference", () => {
  const declare = (training: boolean, affine: boolean) => {
    const scope = new Scope({ training });
    batchNorm(scope, "bn", x, { affine });
    return scope.declarations;
  };
  const buffers = ["bn.num_batches_tracked", "bn.running_mean", "bn.running_var"];
  assertEquals([...declare(true, false).keys()].sort(), buffers);
  assertEquals([...declare(true, true).keys()].sort(), ["bn.bias", ...buffers, "bn.weight"]);
  assertEquals([...declare(false, true).keys()].sort(), ["bn.bias", ...buffers, "bn.weight"]);
});

Deno.test("batchNorm() starts at scale 1, offset 0, mean 0 and variance 1", () => {
  const scope = new Scope({ training: true });
  batchNorm(scope, "bn", x);
  const initial = scope.initialize(0);
  assertEquals(initial.get("bn.weight"), float32([2], [1, 1]));
  assertEquals(initial.get("bn.bias"), float32([2], [0, 0]));
  assertEquals(initial.get("bn.running_mean"), float32([2], [0, 0]));
  assertEquals(initial.get("bn.running_var"), float32([2], [1, 1]));
  assertEquals(initial.get("bn.num_batches_tracked"), int64([], [0]));
});

Deno.test("batchNorm() refuses to train on one element a channel", () => {
  const single = input("x", "float32", [1, 2, 1, 1]);
  assertThrows(
    () => batchNorm(new Scope({ training: true }), "bn1", single),
    RangeError,
    'Cannot normalise batch in layer "bn1": a channel must have at least 2 elements in training, ' +
      "found float32[1,2,1,1]",
  );
  assert(batchNorm(new Scope(), "bn1", single).rank === 4);
});

/** What the pass writes, under names of its own. */
function prefixed(scope: Scope) {
  return Object.fromEntries([...scope.written].map(([name, value]) => [`next ${name}`, value]));
}
