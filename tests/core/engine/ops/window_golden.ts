/**
 * Comparison of convolutions, pools and batch normalisation with PyTorch's in float64: what reference/conv_gradients.py
 * wrote against the same operator run by ONNX Runtime in float32.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { float32, type Tensor, zeros } from "../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { runGraph } from "../../../run_graph.ts";
import { relativeError } from "../nn/relative_error.ts";

/** Largest relative error of outputs and gradients in float32. */
const TOLERANCE = 3e-6;

const PATH = new URL("../../../../fixtures/golden/conv_windows", import.meta.url).pathname;

/** Options of a case as the golden names them: those of the operator, with some in Python's spelling. */
export interface GoldenOptions {
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly group?: number;
  readonly kernel?: readonly number[];
  readonly ceil?: boolean;
  readonly output_padding?: readonly number[];
  readonly count_include_pad?: boolean;
}

/** Operators of which the golden has cases with options. */
export type GoldenKind = "convolutions" | "transposed" | "max_pools" | "average_pools";

/** The cases of one operator: their names and options. */
export async function goldenCases(kind: GoldenKind): Promise<Record<string, GoldenOptions>> {
  return JSON.parse(await Deno.readTextFile(`${PATH}.json`))[kind];
}

/** The tensors of one case by their short names: `x`, `dx` and so on. */
export async function goldenTensors(name: string): Promise<Record<string, Tensor>> {
  const { tensors } = await readSafetensors(`${PATH}.safetensors`);
  const prefix = `${name}/`;
  const own = [...tensors].filter(([key]) => key.startsWith(prefix));
  assert(own.length > 0, `no case "${name}"`);
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** Checks that a tensor is near the expected one, relative to its norm. */
export function assertNear(
  actual: Tensor,
  expected: Tensor,
  what: string,
  tolerance: number = TOLERANCE,
): void {
  assertEquals(actual.shape, expected.shape, what);
  const error = relativeError(actual.data as Float32Array, expected.data as Float32Array);
  assert(error <= tolerance, `${what} is off by ${error}`);
}

/** What was given, read by an operator with an operand of its whole shape, which ONNX's own inference must agree to. */
export function addZeros(y: Value): Value {
  return add(y, constant(zeros(y.dtype, y.shape)));
}

/** Options of {@linkcode compareWithGolden}. */
export interface CompareOptions {
  /** Largest relative error (default 3e-6). */
  readonly tolerance?: number;
  /** Inputs to differentiate by (default: all). */
  readonly differentiated?: readonly string[];
}

/**
 * Runs a case and its gradients by its inputs, and compares whatever the golden has of them.
 *
 * @param build makes the outputs, the first of which is differentiated
 */
export async function compareWithGolden(
  name: string,
  build: (inputs: Readonly<Record<string, Value>>) => Readonly<Record<string, Value>>,
  { tolerance = TOLERANCE, differentiated }: CompareOptions = {},
): Promise<void> {
  const golden = await goldenTensors(name);
  const names = ["x", "w", "b", "scale", "bias", "mean", "variance"].filter((key) =>
    golden[key]?.dtype === "float32"
  );
  const inputs = Object.fromEntries(
    names.map((key) => [key, input(key, "float32", golden[key]!.shape)]),
  );
  const outputs = build(inputs);
  const [y] = Object.values(outputs);
  const sources = differentiated ?? names;
  const found = gradients(y!, sources.map((key) => inputs[key]!), { seed: constant(golden.dy!) });
  const graph: Record<string, Value> = Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [`${key} out`, value]),
  );
  sources.forEach((key, i) => {
    assertEquals(found[i] !== undefined, golden[`d${key}`] !== undefined, `gradient by ${key}`);
    if (found[i] !== undefined) graph[`d${key} out`] = found[i];
  });
  const feeds = Object.fromEntries(names.map((key) => [key, golden[key]!]));
  const results = await runGraph(graph, feeds);
  for (const [key, value] of Object.entries(results)) {
    const short = key.replace(" out", "");
    assertNear(value, golden[short]!, `${short} of ${name}`, tolerance);
  }
}

/** Small whole numbers in a fixed order, for examples with results that are easy to check. */
export function counted(shape: readonly number[], count: number): Tensor<"float32"> {
  return float32(shape, Array.from({ length: count }, (_, i) => i + 1));
}
