import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../../core/engine/graph/value.ts";
import { constantInitializer } from "../../../../core/engine/nn/initializers.ts";
import { mlp, type MlpLayer } from "../../../../core/engine/nn/mlp.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { l2Normalize } from "../../../../core/engine/ops/l2_normalize.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceMean } from "../../../../core/engine/ops/reduce_mean.ts";
import { reduceSum } from "../../../../core/engine/ops/reduce_sum.ts";
import { stopGradient } from "../../../../core/engine/ops/stop_gradient.ts";
import { runGraph } from "../../../run_graph.ts";
import { type Build, checkInference, checkTraining } from "./network_golden.ts";

const last = { affine: false, activation: "none" } as const;
const initial = {
  weightInitializer: constantInitializer(0.5),
  biasInitializer: constantInitializer(0),
};
const plain = { norm: "none", activation: "none" } as const;

const similarity: Build = (scope, { left, right }) => {
  const project = (view: typeof left) =>
    mlp(scope, "projector", view!, [{ width: 32 }, { width: 32 }, { width: 40, ...last }]);
  const predict = (z: ReturnType<typeof project>) =>
    mlp(scope, "predictor", z, [{ width: 12 }, { width: 40, bias: true, ...plain }]);
  const [z1, z2] = [project(left), project(right)];
  const [p1, p2] = [predict(z1), predict(z2)];
  const cosine = (p: typeof z1, z: typeof z1) =>
    reduceMean(reduceSum(mul(l2Normalize(p), l2Normalize(stopGradient(z))), { axes: [-1] }));
  const loss = mul(add(cosine(p1, z2), cosine(p2, z1)), -0.5);
  return { projection: z1, prediction: p2, loss };
};

function parameterCount(width: number, layers: readonly MlpLayer[]): number {
  const scope = new Scope({ training: true });
  mlp(scope, "head", input("x", "float32", [2, width]), layers);
  return [...scope.declarations.values()].filter(({ kind }) => kind === "trainable")
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}

Deno.test("mlp() trains SimSiam's heads on two views as PyTorch does", async () => {
  await checkTraining("network_mlp", similarity);
});

Deno.test("mlp() infers SimSiam's heads as PyTorch does", async () => {
  await checkInference("network_mlp", similarity);
});

Deno.test("mlp() names layers as mmpretrain's NonLinearNeck", () => {
  const scope = new Scope({ training: true });
  const x = input("x", "float32", [4, 8]);
  mlp(scope, "neck", x, [{ width: 8, bias: true }, { width: 2, ...last }]);
  assertEquals([...scope.declarations.keys()].sort(), [
    "neck.bn0.bias",
    "neck.bn0.num_batches_tracked",
    "neck.bn0.running_mean",
    "neck.bn0.running_var",
    "neck.bn0.weight",
    "neck.bn1.num_batches_tracked",
    "neck.bn1.running_mean",
    "neck.bn1.running_var",
    "neck.fc0.bias",
    "neck.fc0.weight",
    "neck.fc1.weight",
  ]);
});

// Totals of mmpretrain's heads, computed from its layer tables.
const HEADS: readonly [name: string, width: number, layers: readonly MlpLayer[], total: number][] =
  [
    ["BYOL's projector", 2048, [{ width: 4096, bias: true }, { width: 256, ...plain }], 9_449_472],
    ["BYOL's predictor", 256, [{ width: 4096, bias: true }, { width: 256, ...plain }], 2_109_440],
    ["MoCo v3's ResNet projector", 2048, [{ width: 4096 }, { width: 256, ...last }], 9_445_376],
    ["MoCo v3's ResNet predictor", 256, [{ width: 4096 }, { width: 256, ...plain }], 2_105_344],
    [
      "MoCo v3's ViT-S projector",
      384,
      [{ width: 4096 }, { width: 4096 }, { width: 256, ...last }],
      19_415_040,
    ],
    [
      "MoCo v3's ViT-B projector",
      768,
      [{ width: 4096 }, { width: 4096 }, { width: 256, ...last }],
      20_987_904,
    ],
    ["MoCo v2's projector", 2048, [
      { width: 2048, bias: true, norm: "none" },
      { width: 128, bias: true, ...plain },
    ], 4_458_624],
    [
      "SwAV's projector",
      2048,
      [{ width: 2048, bias: true }, { width: 128, bias: true, ...plain }],
      4_462_720,
    ],
  ];

for (const [name, width, layers, total] of HEADS) {
  Deno.test(`mlp() gives ${name} ${total} parameters`, () => {
    assertEquals(parameterCount(width, layers), total);
  });
}

Deno.test("mlp() refuses layers that there are not, where types have not", () => {
  const apply = (layer: object, shape: readonly number[] = [4, 8]) => () =>
    mlp(new Scope({ training: true }), "head", input("x", "float32", shape), [layer as MlpLayer]);
  for (
    const [given, message] of [
      [
        apply({ width: 2, activation: "swish" }),
        "activation of layer 0 must be relu or gelu or none",
      ],
      [apply({ width: 2, norm: "batchnorm" }), "norm of layer 0 must be batch or layer or none"],
      [apply({ width: 2, weightNorm: true }), "weightNorm of layer 0 must be unit or scaled"],
      [apply({}), "the width of layer 0 must be a positive integer, found undefined"],
      [apply({ width: 2 }, [4, 3, 6, 6]), "it takes [N,D], found float32[4,3,6,6]"],
    ] as const
  ) assertThrows(given, Error, `Cannot apply perceptron "head": ${message}`);
});

Deno.test("mlp() takes GELU, layer norm and initialisers of its own", () => {
  const scope = new Scope({ training: true });
  mlp(scope, "head", input("x", "float32", [4, 8]), [
    { width: 6, bias: true, norm: "layer", activation: "gelu", ...initial },
    { width: 2, norm: "none", activation: "none" },
  ]);
  assertEquals([...scope.declarations.keys()].sort(), [
    "head.fc0.bias",
    "head.fc0.weight",
    "head.fc1.weight",
    "head.ln0.bias",
    "head.ln0.weight",
  ]);
  const drawn = scope.initialize(0);
  assertEquals([...drawn.get("head.fc0.bias")!.data], new Array(6).fill(0));
  assertEquals([...drawn.get("head.fc0.weight")!.data], new Array(48).fill(0.5));
});

Deno.test("mlp() takes weights whose rows have unit length, and a scale of each", async () => {
  const scope = new Scope({ training: true });
  const x = constant(tensor("float32", [1, 2], Float32Array.from([3, 4])));
  const weightInitializer = constantInitializer(7);
  const layers = ["unit", "scaled"] as const;
  const outputs = Object.fromEntries(
    layers.map((weightNorm) => [
      weightNorm,
      mlp(scope, weightNorm, x, [{ width: 2, weightInitializer, weightNorm, ...plain }]),
    ]),
  );
  assertEquals([...scope.declarations.keys()].sort(), [
    "scaled.fc0.weight_g",
    "scaled.fc0.weight_v",
    "unit.fc0.weight_v",
  ]);
  const state = Object.fromEntries(scope.initialize(0));
  state["scaled.fc0.weight_g"] = tensor("float32", [2, 1], Float32Array.from([1, -2]));
  const found = await runGraph(outputs, state);
  const product = 7 * Math.SQRT1_2;
  const expected = { unit: [product, product], scaled: [product, -2 * product] };
  for (const name of layers) {
    expected[name].forEach((value, i) =>
      assertAlmostEquals(Number(found[name]!.data[i]), value, 1e-6)
    );
  }
});
