/**
 * Transposed terms of a sum, which ONNX Runtime transposes once they are added.
 *
 * @module
 */
import type { ModelTrace, TracedNode } from "../../onnx/model_trace.ts";
import { runOrder } from "./run_order.ts";

/**
 * A model in which the sum of two tensors that are transposed alike, such as a weight's gradients by two views, is
 * transposed instead. The new nodes come last, as ONNX Runtime adds them, so that what leads to them runs first.
 *
 * Source: ONNX Runtime, `TransposeOptimizer`.
 */
export function pushTransposes(trace: ModelTrace): ModelTrace {
  const { nodes, outputs } = trace;
  const tensors = new Map(trace.tensors);
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const reads = new Map<string, number>();
  for (const { inputs } of nodes) {
    for (const name of inputs) reads.set(name, (reads.get(name) ?? 0) + 1);
  }
  /** The transpose that makes a value which nothing else reads. */
  const transposeOf = (name: string): TracedNode | undefined => {
    const maker = makers.get(name);
    const isOwn = reads.get(name) === 1 && !outputs.has(name);
    return maker?.type === "Transpose" && isOwn ? maker : undefined;
  };
  const replaced = new Map<TracedNode, TracedNode>();
  const gone = new Set<TracedNode>();
  const added: TracedNode[] = [];
  for (const index of runOrder(trace)) {
    const node = nodes[index]!;
    if (node.type !== "Add") continue;
    const [first, second] = node.inputs.map(transposeOf);
    if (!first || !second || first.does !== second.does || first === second) continue;
    const [name] = node.outputs as [string];
    const sum = `${name}/sum`;
    tensors.set(sum, tensors.get(first.inputs[0]!)!);
    replaced.set(node, {
      ...node,
      inputs: [first.inputs[0]!, second.inputs[0]!],
      outputs: [sum],
    });
    const transpose = { ...first, inputs: [sum], outputs: [name] };
    makers.set(name, transpose);
    gone.add(first).add(second);
    added.push(transpose);
  }
  return {
    ...trace,
    tensors,
    nodes: [...nodes.map((node) => replaced.get(node) ?? node), ...added]
      .filter((node) => !gone.has(node)),
  };
}
