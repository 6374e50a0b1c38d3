import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../../../core/engine/autodiff/gradients.ts";
import { nodesLeadingTo } from "../../../../../core/engine/graph/node.ts";
import type { Tensor } from "../../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../../core/engine/graph/value.ts";
import { conv, type ConvOptions } from "../../../../../core/engine/ops/conv.ts";
import { probeChannelBlock } from "../../../../../core/engine/ops/convolution/blocked_layout.ts";
import { type Formulation, FORWARD } from "../../../../../core/engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../../../../../core/engine/ops/convolution/input_gradients.ts";
import {
  type ConvProblem,
  problemKey,
} from "../../../../../core/engine/ops/convolution/problem.ts";
import { withTarget } from "../../../../../core/engine/graph/target.ts";
import { WEIGHT_GRADIENTS } from "../../../../../core/engine/ops/convolution/weight_gradients.ts";
import { runGraph } from "../../../../run_graph.ts";
import { CPU_ONLY } from "../../../../test_device.ts";
import { draw } from "../gradient_case.ts";
import { assertNear, goldenCases, type GoldenOptions, goldenTensors } from "../window_golden.ts";

const CASES = await goldenCases("convolutions");
const BLOCK = CPU_ONLY.ignore ? 1 : await probeChannelBlock((outputs) => runGraph(outputs, {}));

/** A case's problem, as conv() would hand it to the formulations. */
function problemOf(options: GoldenOptions, golden: Readonly<Record<string, Tensor>>): ConvProblem {
  const rank = golden.x!.shape.length - 2;
  const every = (value: number, length = rank) => Array.from({ length }, () => value);
  return {
    dtype: "float32",
    x: golden.x!.shape,
    w: golden.w!.shape,
    y: golden.y!.shape,
    attributes: {
      strides: options.strides ?? every(1),
      pads: options.pads ?? every(0, 2 * rank),
      dilations: options.dilations ?? every(1),
      group: options.group ?? 1,
    },
  };
}

/** Runs every formulation that suits a case and compares each with PyTorch's result; gives their names. */
async function compareAll<Values>(
  name: string,
  formulations: Readonly<Record<string, Formulation<Values>>>,
  inputs: Readonly<Record<string, string>>,
  expected: string,
): Promise<string[]> {
  const golden = await goldenTensors(name);
  const problem = problemOf(CASES[name]!, golden);
  const values = Object.fromEntries(
    Object.entries(inputs).filter(([, key]) => golden[key] !== undefined)
      .map(([short, key]) => [short, input(key, "float32", golden[key]!.shape)]),
  );
  const outputs: Record<string, Value> = {};
  for (const [formulation, { suits, build }] of Object.entries(formulations)) {
    if (!suits(problem, BLOCK)) continue;
    outputs[formulation] = build(values as Values, problem, BLOCK);
  }
  const used = Object.values(inputs).filter((key) => golden[key] !== undefined);
  const results = await runGraph(
    outputs,
    Object.fromEntries(used.map((key) => [key, golden[key]!])),
  );
  for (const [formulation, actual] of Object.entries(results)) {
    assertNear(actual, golden[expected]!, `${formulation} of ${name}`);
  }
  return Object.keys(outputs);
}

Deno.test(`every formulation of a convolution computes what PyTorch computes${CPU_ONLY.why}`, async () => {
  const met = new Set<string>();
  for (const name of Object.keys(CASES)) {
    const names = await compareAll(name, FORWARD, { x: "x", w: "w", b: "b" }, "y");
    names.forEach((formulation) => met.add(formulation));
  }
  const expected = Object.keys(FORWARD).filter((name) => name !== "blocked" || BLOCK > 1);
  assertEquals([...met].sort(), expected.sort());
});

Deno.test(`every formulation of the gradient by the input computes what PyTorch computes${CPU_ONLY.why}`, async () => {
  const met = new Set<string>();
  for (const name of Object.keys(CASES)) {
    const names = await compareAll(name, INPUT_GRADIENTS, { dy: "dy", w: "w" }, "dx");
    names.forEach((formulation) => met.add(formulation));
  }
  const expected = Object.keys(INPUT_GRADIENTS).filter((name) => name !== "blocked" || BLOCK > 1);
  assertEquals([...met].sort(), expected.sort());
});

Deno.test("every formulation of the gradient by the weight computes what PyTorch computes", async () => {
  const met = new Set<string>();
  for (const name of Object.keys(CASES)) {
    const names = await compareAll(name, WEIGHT_GRADIENTS, { x: "x", dy: "dy" }, "dw");
    names.forEach((formulation) => met.add(formulation));
  }
  // Batches of whole blocks are among the random problems.
  const expected = Object.keys(WEIGHT_GRADIENTS).filter((name) => name !== "blocked");
  assertEquals([...met].sort(), expected.sort());
});

/** Odd sizes, strides, dilations, groups and asymmetric pads; and windows that read padding alone. */
const DIFFERENCES: readonly (readonly [x: number[], w: number[], options: ConvOptions])[] = [
  [[2, 3, 5, 7], [4, 3, 3, 3], { pads: 1 }],
  [[2, 4, 7, 5], [6, 2, 3, 2], { strides: [2, 1], pads: [1, 0, 2, 1], group: 2 }],
  [[1, 3, 9, 8], [2, 3, 3, 3], { dilations: [2, 3], pads: [2, 1, 0, 3] }],
  [[2, 3, 7, 6], [3, 1, 5, 3], { pads: [2, 1], group: 3 }],
  [[3, 4, 11], [2, 2, 4], { strides: 3, dilations: 2, pads: [3, 1], group: 2 }],
  [[3, 2, 6, 1], [1, 2, 2, 1], { strides: [1, 2], pads: [0, 3, 3, 0] }],
];

Deno.test("conv() has the gradients of its central differences", async () => {
  for (const [i, [x, w, options]] of DIFFERENCES.entries()) {
    const inputs = {
      x: draw(x, "float32", "conv", i, "x"),
      w: draw(w, "float32", "conv", i, "w"),
      b: draw([w[0]!], "float32", "conv", i, "b"),
    };
    await checkGradients(
      (values) => conv(values.x!, values.w!, { ...options, bias: values.b! }),
      inputs,
      { evaluate: runGraph },
    );
  }
});

Deno.test("conv() can be differentiated twice", async () => {
  for (const [i, [shape, w, options]] of DIFFERENCES.slice(0, 2).entries()) {
    const x = constant(draw(shape, "float32", "twice", i, "x"));
    const dy = conv(x, input("w", "float32", w), options).shape;
    const inputs = {
      dy: draw(dy, "float32", "twice", i, "dy"),
      w: draw(w, "float32", "twice", i, "w"),
    };
    await checkGradients(
      (values) => gradients(conv(x, values.w!, options), [x], { seed: values.dy! })[0]!,
      inputs,
      { evaluate: runGraph },
    );
  }
});

Deno.test("conv() follows the tuning in whose scope it and its gradients are built", async () => {
  const x = input("x", "float32", [2, 3, 6, 6]);
  const w = input("w", "float32", [4, 3, 3, 3]);
  const key = "float32 x2,3,6,6 w4,3,3,3 strides1,1 pads1,1,1,1 dilations1,1 group1";
  const outputsWith = (weightGradient: "columns" | "taps") =>
    withTarget({ choices: { [key]: { weightGradient } } }, () => {
      const y = conv(x, w, { pads: 1 });
      const seed = constant(draw(y.shape, "float32", "tuned"));
      return gradients(y, [w], { seed })[0]!;
    });
  const [columns, taps] = [outputsWith("columns"), outputsWith("taps")];
  const nodes = (value: Value): string =>
    value.source.kind === "output"
      ? `${value.source.node.op.type}(${
        Object.values(value.source.node.inputs).map((next) => nodes(next!)).join()
      })`
      : "";
  assert(nodes(columns) !== nodes(taps));
  const feeds = { x: draw(x.shape, "float32", "x"), w: draw(w.shape, "float32", "w") };
  const results = await runGraph({ columns, taps }, { x: feeds.x });
  assertNear(results.columns!, results.taps!, "columns and taps");
});

Deno.test("conv() refuses a tuning that does not compute the problem", () => {
  const x = input("x", "float32", [2, 3, 6, 6]);
  const w = input("w", "float32", [4, 3, 3, 3]);
  const y = conv(x, w);
  const problem = {
    dtype: x.dtype,
    x: x.shape,
    w: w.shape,
    y: y.shape,
    attributes: { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
  };
  const choices = { [problemKey(problem)]: { forward: "product" as const } };
  assertThrows(
    () => withTarget({ choices }, () => conv(x, w)),
    RangeError,
    'the tuning\'s forward "product" does not compute',
  );
});

Deno.test("gradients by the weight transpose nothing that lies in order: one group, one tap", () => {
  const transposes = (name: "wide" | "taps" | "images", kernel: number) => {
    const [x, dy] = [input("x", "float32", [2, 3, 6, 6]), input("dy", "float32", [2, 4, 6, 6])];
    const pads = new Array<number>(4).fill((kernel - 1) / 2);
    const problem = {
      dtype: x.dtype,
      x: x.shape,
      w: [4, 3, kernel, kernel],
      y: dy.shape,
      attributes: { strides: [1, 1], pads, dilations: [1, 1], group: 1 },
    };
    const dw = WEIGHT_GRADIENTS[name].build({ x, dy }, problem, 1);
    return nodesLeadingTo([dw], true).filter(({ op }) => op.type === "Transpose").length;
  };
  // The pixels of x, the channels of dy, and the taps of the result.
  assertEquals(transposes("wide", 3), 3);
  assertEquals(transposes("taps", 1), 2);
  assertEquals(transposes("images", 1), 0);
});
