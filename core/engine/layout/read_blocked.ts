/**
 * Which values of a graph are of use in the blocked layout.
 *
 * @module
 */
import { type Node, resolve } from "../graph/node.ts";
import { sameShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { BLOCKED_DOMAIN } from "../ops/convolution/blocked_layout.ts";

/** Operators of one tensor that treat all elements alike. */
export const UNARY: ReadonlySet<string> = new Set([
  "Relu",
  "LeakyRelu",
  "HardSigmoid",
  "Sigmoid",
  "Tanh",
  "Neg",
  "Identity",
]);

/** Operators of two tensors that treat all pairs of elements alike. */
export const BINARY: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div"]);

/** Sums and means over positions, which are computed in either layout. */
const SUMS: ReadonlySet<string> = new Set(["ReduceSum", "GlobalAveragePool"]);

/** Whether a reshape gives a row for each channel of each sample, of which products are computed in either layout. */
export function givesRows(input: Value, output: Value): boolean {
  const [batch, channels] = input.shape as [number, number];
  return output.rank === 3 && output.shape[0] === batch * channels && output.shape[1] === 1;
}

/** How a node reads an input: in the layout of its result, in either one, or in one of the two. */
function layoutRead({ op: { type, domain } }: Node, input: Value, output: Value) {
  if (domain === BLOCKED_DOMAIN) return type === "ReorderInput" ? "blocked" : "either";
  if (SUMS.has(type)) return "either";
  const isResults = type === "Reshape"
    ? output.rank === 4 && sameShape(input.shape.slice(2), output.shape.slice(2))
    : (UNARY.has(type) || BINARY.has(type)) && sameShape(input.shape, output.shape);
  if (isResults) return "result's";
  return type === "Reshape" && givesRows(input, output) ? "either" : "usual";
}

/**
 * The values that blocked kernels read, as they are or after operators that are as good in their layout. What is read in
 * the usual layout, too, is among them only if blocked kernels read it as it is.
 *
 * @param nodes of one graph, each after those it reads
 * @param outputs what the graph gives
 */
export function valuesReadBlocked(
  nodes: readonly Node[],
  outputs: readonly Value[],
): ReadonlySet<Value> {
  const readings = nodes.toReversed().flatMap((node) => {
    const [output] = Object.values(node.outputs) as [Value];
    return Object.values(node.inputs).map((value) => {
      const input = resolve(value!);
      return { input, output, layout: layoutRead(node, input, output) };
    });
  });
  const usual = new Set(outputs.map(resolve));
  for (const { input, layout } of readings) if (layout === "usual") usual.add(input);
  const read = new Set<Value>();
  for (const { input, output, layout } of readings) {
    const isPassedOn = layout === "result's" && read.has(output) && !usual.has(input);
    if (layout === "blocked" || isPassedOn) read.add(input);
  }
  return read;
}
