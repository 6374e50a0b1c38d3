/**
 * Which intermediate values of a model share memory, and when.
 *
 * @module
 */
import type { ModelTrace, TracedNode } from "../../onnx/model_trace.ts";
import { sameShape } from "../../graph/shape.ts";
import { runOrder } from "./run_order.ts";

/** Operators whose result is what they read, under another shape. */
const ALIASES = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"]);

/** Operators that may write their result over their first input, or over either of two. */
const OVER_FIRST = new Set([
  ...["Abs", "Neg", "Floor", "Ceil", "Reciprocal", "Sqrt", "Exp", "Log", "Erf", "Relu"],
  ...["Sigmoid", "Tanh", "HardSigmoid", "LeakyRelu", "Elu", "Selu", "Softplus", "Clip", "Cast"],
  ...["Softmax", "LogSoftmax", "Not", "ScatterElements", "ScatterND", "Dropout", "Gelu"],
]);
const OVER_EITHER = new Set(["Add", "Sub", "Mul", "Div"]);

/** A block of memory that values hold one after the other. */
export interface PlannedBuffer {
  readonly bytes: number;
  /** Step in the run's order at which it is taken. */
  readonly from: number;
  /** Step after which it is given back. */
  until: number;
}

/** Where a value lies: in a buffer of the run, or in memory that the caller owns. */
interface Place {
  readonly buffer: PlannedBuffer | undefined;
  readonly shape: readonly number[];
  readonly width: number;
  /** Reads that are to come. */
  reads: number;
}

function candidates({ type, inputs }: TracedNode): readonly string[] {
  if (OVER_EITHER.has(type)) return inputs.slice(0, 2);
  return OVER_FIRST.has(type) ? inputs.slice(0, 1) : [];
}

/**
 * Plans the buffers of one run of a model whose inputs and outputs the caller owns.
 *
 * Source: ONNX Runtime, `PlannerImpl::ComputeSingleStreamReusePlan`.
 */
export function planBuffers(trace: ModelTrace): PlannedBuffer[] {
  const { nodes, tensors, outputs } = trace;
  const reads = new Map<string, number>();
  for (const { inputs } of nodes) {
    for (const name of inputs) reads.set(name, (reads.get(name) ?? 0) + 1);
  }
  const places = new Map<string, Place>();
  const placeOf = (name: string): Place => {
    const known = places.get(name);
    if (known !== undefined) return known;
    // Fed or fixed: never written over, never given back.
    const foreign = {
      buffer: undefined,
      shape: tensors.get(name)!.shape,
      width: 0,
      reads: Infinity,
    };
    places.set(name, foreign);
    return foreign;
  };
  const buffers: PlannedBuffer[] = [];
  /** Buffers that nothing reads any more, newest first. */
  const free: Place[] = [];
  const place = (name: string, node: TracedNode, step: number): Place => {
    const { shape, bytes } = tensors.get(name)!;
    const count = reads.get(name) ?? 0;
    const elements = shape.reduce((product, length) => product * length, 1);
    const width = bytes / elements;
    if (outputs.has(name)) {
      return { buffer: undefined, shape, width, reads: Infinity };
    }
    if (ALIASES.has(node.type)) {
      const source = placeOf(node.inputs[0]!);
      source.reads += count;
      return source;
    }
    for (const input of candidates(node)) {
      const source = placeOf(input);
      if (source.buffer === undefined || source.reads !== 1) continue;
      const { shape: before, bytes: beforeBytes } = tensors.get(input)!;
      if (beforeBytes !== bytes || !sameShape(before, shape)) continue;
      source.reads += count;
      return source;
    }
    const reused = free.findIndex((other) =>
      other.width === width && sameShape(other.shape, shape)
    );
    if (reused >= 0) {
      const [{ buffer }] = free.splice(reused, 1) as [Place];
      return { buffer, shape, width, reads: count };
    }
    const buffer = { bytes, from: step, until: step };
    buffers.push(buffer);
    return { buffer, shape, width, reads: count };
  };
  runOrder(trace).forEach((index, step) => {
    const node = nodes[index]!;
    for (const name of node.outputs) {
      if (name !== "") places.set(name, place(name, node, step));
    }
    const touched = [...node.inputs, ...node.outputs].filter((name) => name !== "").map(placeOf);
    for (const { buffer } of touched) if (buffer) buffer.until = step;
    for (const name of node.inputs) {
      if (name === "") continue;
      const read = placeOf(name);
      read.reads--;
      if (read.reads === 0 && read.buffer) free.unshift(read);
    }
    for (const name of node.outputs) {
      if (name === "" || (reads.get(name) ?? 0) > 0) continue;
      const made = placeOf(name);
      if (made.reads === 0 && made.buffer && !free.includes(made)) free.unshift(made);
    }
  });
  return buffers;
}
