/**
 * Nodes that compute the same, of which ONNX Runtime keeps one.
 *
 * @module
 */
import type { ModelTrace, TracedNode } from "../../onnx/model_trace.ts";

/** Operators whose results differ from one application to the next. */
const RANDOM = new Set(["RandomNormal", "RandomUniform", "Dropout", "Multinomial", "Bernoulli"]);

/**
 * A model without the nodes that do the same with the same as an earlier one, whose results are read in their place. What
 * the caller fetches is made all the same. It matters for memory: what a gradient computes anew of the forward pass is
 * kept from there instead.
 *
 * Source: ONNX Runtime, `CommonSubexpressionElimination`.
 */
export function mergeEqualNodes(trace: ModelTrace): ModelTrace {
  const kept = new Map<string, TracedNode>();
  const names = new Map<string, string>();
  const nodes = trace.nodes.flatMap((node) => {
    const inputs = node.inputs.map((name) => names.get(name) ?? name);
    const renamed = { ...node, inputs };
    if (RANDOM.has(node.type)) return [renamed];
    const key = JSON.stringify([node.does, inputs, node.outputs.map((name) => name !== "")]);
    const before = kept.get(key);
    if (before === undefined) {
      kept.set(key, renamed);
      return [renamed];
    }
    node.outputs.forEach((name, i) => names.set(name, before.outputs[i]!));
    return node.outputs.some((name) => trace.outputs.has(name)) ? [renamed] : [];
  });
  return { ...trace, nodes };
}
