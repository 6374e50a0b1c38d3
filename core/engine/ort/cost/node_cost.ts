/**
 * What a node of a model costs: multiply-adds, bytes moved, kernels launched.
 *
 * @module
 */
import { elementCount } from "../../graph/shape.ts";
import type { ModelTrace, TracedNode, TracedTensor } from "../../onnx/model_trace.ts";

/** What something costs on a device. */
export interface Cost {
  /** Multiplications whose results are added up, in convolutions and matrix products. */
  readonly multiplyAdds: number;
  /** Bytes that are read from memory and written to it. */
  readonly bytes: number;
  /** Kernels that are launched. */
  readonly launches: number;
}

/** Nothing. */
export const NO_COST: Cost = { multiplyAdds: 0, bytes: 0, launches: 0 };

/** Both together. */
export function addCosts(a: Cost, b: Cost): Cost {
  return {
    multiplyAdds: a.multiplyAdds + b.multiplyAdds,
    bytes: a.bytes + b.bytes,
    launches: a.launches + b.launches,
  };
}

/** Operators whose result is what they read, under another shape. */
const ALIASES = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/** Operators that read no more of their first input than they write, at places that others may tell. */
const SELECTIONS = new Set(["Slice", "Gather", "GatherElements", "GatherND"]);

/** Operators of matrix products. */
const PRODUCTS = new Set(["MatMul", "FusedMatMul", "Gemm"]);

/** Length of the axis that a product sums over. */
function summedLength({ shape: a }: TracedTensor, { shape: y }: TracedTensor): number {
  const [rows, last] = [a.at(-2) ?? 1, a.at(-1)!];
  // The first operand is [.., M, K], or [.., K, M] where it is transposed: of equal lengths either is K.
  return y.length > 0 && rows !== y.at(-2) && last === y.at(-2) ? rows : last;
}

function multiplyAdds(type: string, inputs: readonly TracedTensor[], y: TracedTensor): number {
  const [x, w] = inputs;
  if (x === undefined || w === undefined) return 0;
  // A weight [M, C/g, k...] of a convolution meets each element of its output; one [C, M/g, k...] of a transposed
  // convolution each element of its input.
  if (type === "Conv") return elementCount(y.shape) * elementCount(w.shape) / w.shape[0]!;
  if (type === "ConvTranspose") return elementCount(x.shape) * elementCount(w.shape) / w.shape[0]!;
  // Queries meet keys, and probabilities values.
  if (type === "MultiHeadAttention") return 2 * elementCount(y.shape) * w.shape[1]!;
  return PRODUCTS.has(type) ? elementCount(y.shape) * summedLength(x, y) : 0;
}

/** Kernels that ONNX Runtime launches for a node on CUDA, as far as one node is not one kernel. */
function launchesOf({ type, inputs }: TracedNode, outputs: readonly TracedTensor[]): number {
  if (ALIASES.has(type)) return 0;
  // cuDNN convolves, and adds the bias in a second kernel.
  if (type === "Conv" || type === "ConvTranspose") return inputs.length > 2 ? 2 : 1;
  // The bias is copied to where the product is added to it.
  if (type === "Gemm") return inputs.length > 2 ? 2 : 1;
  // An axis of several blocks is reduced in a second kernel.
  if (type.startsWith("Reduce")) return outputs.every(({ bytes }) => bytes <= 8) ? 2 : 1;
  return 1;
}

/**
 * What a node costs, each tensor read once and written once.
 *
 * Bytes are those that a perfect kernel moves; launches are those of ONNX Runtime's CUDA provider, which has a kernel or
 * two for a node. Nodes on constants alone are computed when a model is loaded, and cost nothing.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { input } from "../../graph/value.ts";
 * import { encodeModel } from "../../onnx/encode_model.ts";
 * import { traceModel } from "../../onnx/model_trace.ts";
 * import { matMul } from "../../ops/mat_mul.ts";
 * import { nodeCost } from "./node_cost.ts";
 *
 * const product = matMul(input("x", "float32", [4, 8]), input("w", "float32", [8, 2]));
 * const trace = traceModel(encodeModel({ outputs: { y: product }, typed: true }));
 * assertEquals(nodeCost(trace.nodes[0]!, trace), {
 *   multiplyAdds: 4 * 8 * 2,
 *   bytes: 4 * (4 * 8 + 8 * 2 + 4 * 2),
 *   launches: 1,
 * });
 * ```
 */
export function nodeCost(node: TracedNode, { tensors, constants }: ModelTrace): Cost {
  const named = node.inputs.filter((name) => name !== "");
  if (named.every((name) => constants.has(name))) return NO_COST;
  const tensorOf = (name: string) => tensors.get(name)!;
  const outputs = node.outputs.filter((name) => name !== "").map(tensorOf);
  const launches = launchesOf(node, outputs);
  if (launches === 0) return NO_COST;
  const sum = (found: readonly TracedTensor[]) =>
    found.reduce((total, { bytes }) => total + bytes, 0);
  const written = sum(outputs);
  const [first, ...others] = new Set(named);
  const selected = () => {
    const places = others.filter((name) => !constants.has(name)).map(tensorOf);
    return Math.min(tensorOf(first!).bytes, written) + sum(places);
  };
  const read = SELECTIONS.has(node.type) ? selected() : sum([...new Set(named)].map(tensorOf));
  return {
    multiplyAdds: multiplyAdds(node.type, named.map(tensorOf), outputs[0]!),
    bytes: written + read,
    launches,
  };
}
