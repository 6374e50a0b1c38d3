/**
 * Batch normalisation by running statistics as a part of the convolution before it.
 *
 * @module
 */
import type { ModelProto, NodeProto } from "../../deps/protobuf.ts";
import { tensor } from "../graph/tensor.ts";
import { ModelGraph } from "./model_graph.ts";

const UNARY: Readonly<Record<string, (value: number) => number>> = {
  Sqrt: Math.sqrt,
  Reciprocal: (value) => 1 / value,
};

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
};

/** The numbers of a value that depends on fixed tensors alone, one for each channel or one for all. */
function evaluate(graph: ModelGraph, name: string): readonly number[] | undefined {
  const fixed = graph.numbers(name);
  if (fixed !== undefined) return [...fixed];
  const node = graph.producer(name);
  if (node === undefined) return undefined;
  const { opType } = node;
  if (opType === "Reshape") return evaluate(graph, node.input[0]!);
  const unary = Object.hasOwn(UNARY, opType) ? UNARY[opType] : undefined;
  const binary = Object.hasOwn(BINARY, opType) ? BINARY[opType] : undefined;
  if (unary !== undefined) return evaluate(graph, node.input[0]!)?.map(unary);
  if (binary === undefined) return undefined;
  const [a, b] = node.input.map((input) => evaluate(graph, input));
  if (a === undefined || b === undefined) return undefined;
  return Array.from(
    { length: Math.max(a.length, b.length) },
    (_, i) => binary(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!),
  );
}

/** A number for each channel of a map: of what is reshaped to `[C, 1, 1]`. */
function perChannel(graph: ModelGraph, name: string, channels: number) {
  const node = graph.producer(name);
  const shape = node?.opType === "Reshape" ? graph.integers(node.input[1]!) : undefined;
  if (shape?.[0] !== channels || !shape.slice(1).every((length) => length === 1)) return undefined;
  const values = evaluate(graph, name);
  return values?.length === channels ? values : undefined;
}

/** A node's one input that is made by a node of this type and read by nothing else, and the other input. */
function split(graph: ModelGraph, { input }: NodeProto, opType: string) {
  for (const [at, other] of [[0, 1], [1, 0]] as const) {
    const node = graph.producer(input[at]!);
    const alone = graph.readers(input[at]!).length === 1 && !graph.isOutput(input[at]!);
    if (node?.opType === opType && alone) return { node, other: input[other]! };
  }
  return undefined;
}

/** Weight and bias of a convolution that ends in `factor · y + shift`. */
function foldInto(
  graph: ModelGraph,
  { input }: NodeProto,
  factor: readonly number[],
  shift: readonly number[],
) {
  const weight = graph.numbers(input[1]!)!;
  const bias = input[2] === undefined ? undefined : graph.numbers(input[2]);
  const each = weight.length / factor.length;
  return {
    weight: weight.map((value, i) => value * factor[Math.floor(i / each)]!),
    bias: Float32Array.from(shift, (value, c) => value + factor[c]! * (bias?.[c] ?? 0)),
  };
}

/**
 * Makes factor and shift of each channel behind a convolution a part of its weight and bias. What is computed differs
 * by the rounding of float32.
 */
export function foldNormalization(model: ModelProto): void {
  const graph = new ModelGraph(model);
  for (const add of graph.nodes.filter(({ opType }) => opType === "Add")) {
    const mul = split(graph, add, "Mul");
    const conv = mul && split(graph, mul.node, "Conv");
    if (conv === undefined) continue;
    const name = conv.node.input[1]!;
    const stored = graph.tensor(name);
    if (graph.numbers(name) === undefined || graph.readers(name).length > 1) continue;
    const shape = stored!.dims.map(Number);
    const factor = perChannel(graph, conv.other, shape[0]!);
    const shift = perChannel(graph, mul!.other, shape[0]!);
    if (factor === undefined || shift === undefined) continue;
    const folded = foldInto(graph, conv.node, factor, shift);
    const biasName = /weight$/.test(name) ? name.replace(/weight$/, "bias") : `${name}.bias`;
    graph.fix(name, tensor("float32", shape, folded.weight));
    graph.fix(biasName, tensor("float32", [shape[0]!], folded.bias));
    conv.node.input = [conv.node.input[0]!, name, biasName];
    conv.node.output = [...add.output];
    graph.replace(add, []);
  }
  graph.prune();
}
