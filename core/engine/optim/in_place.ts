/**
 * Whether the results of a graph may be written over its inputs.
 *
 * @module
 */
import { type Node, nodesLeadingTo, producer, readBy, resolve } from "../graph/node.ts";
import { formatType, sameType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";

/** A value that is computed into the memory of an input. */
export interface InPlaceUpdate {
  /** Input of the graph, whose old value is lost. */
  readonly input: Value;
  /** What takes its place. */
  readonly output: Value;
}

function nameOf(input: Value): string {
  if (input.source.kind !== "input") throw new Error("Internal: only an input is updated in place");
  return input.source.name;
}

/** The nodes that read a value. */
type Readers = ReadonlyMap<Value, readonly Node[]>;

function readersIn(nodes: readonly Node[]): Readers {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const value of new Set(readBy(node).map(resolve))) {
      const known = readers.get(value);
      if (known === undefined) readers.set(value, [node]);
      else known.push(node);
    }
  }
  return readers;
}

/** Whether a node must have run before another can. */
function leadsTo(node: Node, other: Node, readers: Readers): boolean {
  const seen = new Set([node]);
  for (const current of seen) {
    if (current === other) return true;
    for (const output of Object.values(current.outputs)) {
      // A set visits what is added to it on the way.
      for (const reader of readers.get(output) ?? []) seen.add(reader);
    }
  }
  return false;
}

function hazardsOf({ input, output }: InPlaceUpdate, readers: Readers): string[] {
  const name = nameOf(input);
  if (!sameType(input.type, output.type)) {
    return [`"${name}" is ${formatType(input.type)}, its update ${formatType(output.type)}`];
  }
  const writer = producer(resolve(output));
  return (readers.get(input) ?? []).flatMap((reader) => {
    if (reader === writer) {
      return reader.op.elementWise
        ? []
        : [`${reader.op.type} reads "${name}" while it writes over it`];
    }
    return writer !== undefined && leadsTo(reader, writer, readers)
      ? []
      : [`${reader.op.type} may read "${name}" after its update`];
  });
}

/**
 * What speaks against computing some values of a graph into the memory of its inputs; nothing if it is safe in
 * whichever order a runtime chooses among those that the graph allows.
 *
 * It is safe if each node that reads such an input leads to the node that overwrites it, or is that node and reads
 * element by element. What takes an input's place may be read at any time after.
 */
export function inPlaceHazards(
  updates: readonly InPlaceUpdate[],
  otherOutputs: readonly Value[] = [],
): string[] {
  const nodes = nodesLeadingTo([...updates.map(({ output }) => output), ...otherOutputs], true);
  const inputs = updates.map(({ input }) => input);
  const readers = readersIn(nodes);
  // An output that is itself an input is copied at the end, when that input has been overwritten.
  const copies = updates.flatMap(({ input, output }) => {
    const source = resolve(output);
    return source !== input && inputs.includes(source)
      ? [`"${nameOf(input)}" becomes a copy of "${nameOf(source)}", which is updated too`]
      : [];
  });
  // So is any other output.
  const kept = otherOutputs.map(resolve).filter((source) =>
    updates.some(({ input, output }) => input === source && resolve(output) !== source)
  ).map((source) => `"${nameOf(source)}" is to be kept as it was, and is updated`);
  return [...updates.flatMap((update) => hazardsOf(update, readers)), ...copies, ...kept];
}
