/**
 * What ran where, by the Chrome traces that ONNX Runtime writes.
 *
 * @module
 */

/** A node that ran. */
export interface TracedNode {
  readonly name: string;
  /** The ONNX operator. */
  readonly op: string;
  /** The execution provider whose kernel it was. */
  readonly provider: string;
}

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly args: { readonly op_name?: string; readonly provider?: string };
}

const KERNEL = "_kernel_time";

/** The nodes that ran, in the order of a trace, once for each run. */
export function tracedNodes(trace: string): TracedNode[] {
  const events: TraceEvent[] = JSON.parse(trace);
  return events.filter(({ cat, name }) => cat === "Node" && name.endsWith(KERNEL))
    .map(({ name, args }) => ({
      name: name.slice(0, -KERNEL.length),
      op: args.op_name ?? "unknown",
      provider: args.provider ?? "unknown",
    }));
}

/** A line for each node that ran on another provider, and for each that copies between a device and the host. */
export function strayNodes(nodes: readonly TracedNode[], provider: string): string[] {
  return nodes.flatMap((node) => {
    // Copies are nodes of the device's own provider.
    if (node.op.startsWith("Memcpy")) return [`${node.name} (${node.op}) copies between devices`];
    return node.provider === provider ? [] : [`${node.name} (${node.op}) ran on ${node.provider}`];
  });
}
