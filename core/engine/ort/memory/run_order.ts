/**
 * The order in which ONNX Runtime runs the nodes of a model.
 *
 * @module
 */
import type { ModelTrace } from "../../onnx/model_trace.ts";

/** Indices of the nodes that make what a node reads, each once, ascending. */
function predecessors({ nodes }: ModelTrace): readonly (readonly number[])[] {
  const makers = new Map(nodes.flatMap(({ outputs }, i) => outputs.map((name) => [name, i])));
  return nodes.map(({ inputs }) => {
    const found = new Set(inputs.flatMap((name) => makers.get(name) ?? []));
    return [...found].sort((a, b) => a - b);
  });
}

/**
 * Indices of a model's nodes in the order in which ONNX Runtime runs them: from the last node that nothing reads
 * backwards, depth first, what was added to the model last before all else.
 *
 * Source: ONNX Runtime, `Graph::ReverseDFSFrom` as `GraphViewer` calls it for its default order.
 */
export function runOrder(trace: ModelTrace): number[] {
  const before = predecessors(trace);
  const read = new Set(before.flat());
  const stack = [...before.keys()].filter((node) => !read.has(node))
    .map((node) => ({ node, leaving: false }));
  const seen = new Set<number>();
  const order: number[] = [];
  for (;;) {
    const entry = stack.pop();
    if (entry === undefined) return order;
    const { node, leaving } = entry;
    if (leaving) {
      order.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, leaving: true });
    for (const other of before[node]!) {
      if (!seen.has(other)) stack.push({ node: other, leaving: false });
    }
  }
}
