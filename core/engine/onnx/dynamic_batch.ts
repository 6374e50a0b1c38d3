/**
 * Models that take any number of images. Graphs are built for one; where its length stands in a model shows by building
 * for two.
 *
 * @module
 */
import {
  create,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  TensorShapeProto_DimensionSchema,
} from "../../deps/protobuf.ts";
import { int64 } from "../graph/tensor.ts";
import { encodeAttribute } from "./attributes.ts";
import { ModelGraph } from "./model_graph.ts";

/** Name of the axis in the types of inputs and outputs. */
const AXIS = "batch";

/** Name of the value that holds its length. */
const LENGTH = "batch_length";

/** A length that is read from an input when the model runs. */
function lengthNode(input: string): NodeProto {
  return create(NodeProtoSchema, {
    name: LENGTH,
    opType: "Shape",
    input: [input],
    output: [LENGTH],
    attribute: [encodeAttribute("start", { int: 0 }), encodeAttribute("end", { int: 1 })],
  });
}

/** The places at which the shapes of two models differ. */
function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.flatMap((length, i) => length === b[i] ? [] : [i]);
}

/** Makes the first axis of all inputs and outputs one of any length. */
function nameAxes({ graph }: ModelProto, inputs: ReadonlySet<string>): void {
  for (const { name, type } of [...graph!.input, ...graph!.output]) {
    if (type?.value.case !== "tensorType") continue;
    const dims = type.value.value.shape!.dim;
    if (graph!.input.some((input) => input.name === name) && !inputs.has(name)) continue;
    dims[0] = create(TensorShapeProto_DimensionSchema, {
      value: { case: "dimParam", value: AXIS },
    });
  }
}

/**
 * Makes a model take any number of rows.
 *
 * @param model a model of a graph whose input has `batch` rows
 * @param other the same of a graph for another number of rows; its weights may be left out
 * @param input name of the input, and of the number of its rows in `model`
 */
export function takeAnyBatch(
  model: ModelProto,
  other: ModelProto,
  { name: input, batch }: { readonly name: string; readonly batch: number },
): void {
  const graph = new ModelGraph(model);
  const second = new ModelGraph(other);
  const others = second.nodes;
  if (others.length !== graph.nodes.length) {
    throw new Error("Internal: a graph has other nodes for another number of rows");
  }
  let first: NodeProto | undefined;
  for (const [i, node] of [...graph.nodes].entries()) {
    const name = node.input[1];
    const shape = name === undefined ? undefined : graph.integers(name);
    const differing = shape === undefined
      ? []
      : differences(shape, second.integers(others[i]!.input[1]!)!);
    if (differing.length === 0) continue;
    const [axis, ...more] = differing as [number, ...number[]];
    if (more.length > 0 || (node.opType !== "Reshape" && node.opType !== "Expand")) {
      throw new Error(`Internal: ${node.opType} "${node.name}" depends on the number of rows`);
    }
    if (node.opType === "Reshape") {
      const free = shape!.with(axis, -1);
      const fixed = `shape_${free.join("_")}`;
      graph.fix(fixed, int64([free.length], free));
      node.input[1] = fixed;
      continue;
    }
    if (axis !== 0 || shape![0] !== batch) {
      throw new Error(`Internal: "${node.name}" stretches to a multiple of the rows`);
    }
    first ??= node;
    const rest = shape!.slice(1);
    const fixed = `lengths_${rest.join("_")}`;
    graph.fix(fixed, int64([rest.length], rest));
    const joined = `${node.name}/shape`;
    const concat = create(NodeProtoSchema, {
      name: joined,
      opType: "Concat",
      input: [LENGTH, fixed],
      output: [joined],
      attribute: [encodeAttribute("axis", { int: 0 })],
    });
    graph.insertBefore(node, [concat]);
    node.input[1] = joined;
  }
  if (first !== undefined) graph.insertBefore(graph.nodes[0]!, [lengthNode(input)]);
  graph.prune();
  nameAxes(model, new Set([input]));
}
