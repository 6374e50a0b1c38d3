/**
 * Nodes: applications of operators, in the order in which they were made.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Op } from "./op.ts";
import type { GraphTarget } from "./target.ts";
import type { Value } from "./value.ts";

/** Values by the names that an operator gives its inputs or outputs. */
export type NamedValues = Readonly<Record<string, Value | undefined>>;

/** One application of an operator. */
export interface Node {
  /** Position in the order of creation, in which every node comes after those it reads. */
  readonly index: number;
  /** The operator. */
  readonly op: Op;
  /** What it reads, in the operator's order; an optional input that is not given is absent. */
  readonly inputs: NamedValues;
  /** What it makes. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Its attributes, as the builder gave them. */
  readonly attributes: object;
  /** Path of the layer in which it was made, such as `layer1.0.conv1`; empty outside of layers. */
  readonly path: string;
  /** What it was built for, and its gradient is to be built for. */
  readonly target: GraphTarget;
  /** For a composite, the values of primitive operators that its outputs stand for. */
  readonly expansion: NamedValues | undefined;
}

let nextIndex = 0;
let endIndex = Infinity;

/**
 * Allows so many nodes to be made from now on and no more, where a graph may be one without end.
 *
 * @throws {RangeError} never by itself; whatever makes one node more does
 */
export function limitNodes(count: number): void {
  endIndex = nextIndex + count;
}

/**
 * The next position in the order of creation.
 *
 * @throws {RangeError} if there are as many as may be
 */
export function takeNodeIndex(): number {
  if (nextIndex >= endIndex) {
    throw new GenviewRangeError(
      "Cannot build a graph of that size: it has more operations than it may have here",
    );
  }
  return nextIndex++;
}

/** The node that makes a value, or undefined for an input or a constant. */
export function producer(value: Value): Node | undefined {
  return value.source.kind === "output" ? value.source.node : undefined;
}

/** The values that a node reads, those of optional inputs not given left out. */
export function readBy(node: Node): Value[] {
  return Object.values(node.inputs).filter((value) => value !== undefined);
}

/**
 * The value itself, or what a composite's output stands for after all composites are opened.
 */
export function resolve(value: Value): Value {
  let current = value;
  for (;;) {
    const { source } = current;
    if (source.kind !== "output" || source.node.expansion === undefined) return current;
    const inner = source.node.expansion[source.output];
    if (inner === undefined) {
      throw new Error(
        `Internal: composite ${source.node.op.type} did not make "${source.output}"`,
      );
    }
    current = inner;
  }
}

/**
 * The nodes that lead to some values, each after those it reads.
 *
 * @param expanded whether composites are opened, as for encoding, or kept whole, as for differentiation
 */
export function nodesLeadingTo(values: readonly Value[], expanded: boolean): Node[] {
  const seen = new Set<Node>();
  const pending = [...values];
  while (pending.length > 0) {
    const value = pending.pop()!;
    const node = producer(expanded ? resolve(value) : value);
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    pending.push(...readBy(node));
  }
  return [...seen].sort((a, b) => a.index - b.index);
}
