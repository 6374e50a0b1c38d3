/**
 * The graph of an encoded model, for changes after it was built.
 *
 * @module
 */
import type { GraphProto, ModelProto, NodeProto, TensorProto } from "../../deps/protobuf.ts";
import type { Tensor } from "../graph/tensor.ts";
import { elementNumber } from "./element_types.ts";
import { encodeTensor } from "./tensors.ts";

/** A model's nodes and fixed tensors by the names of what they make. */
export class ModelGraph {
  readonly #graph: GraphProto;
  readonly #producers = new Map<string, NodeProto>();
  readonly #readers = new Map<string, NodeProto[]>();
  readonly #tensors: Map<string, TensorProto>;

  constructor({ graph }: ModelProto) {
    this.#graph = graph!;
    this.#tensors = new Map(graph!.initializer.map((tensor) => [tensor.name, tensor]));
    for (const node of graph!.node) {
      for (const name of node.output) this.#producers.set(name, node);
      for (const name of new Set(node.input)) {
        this.#readers.set(name, [...this.readers(name), node]);
      }
    }
  }

  /** The nodes, in an order in which they can run. */
  get nodes(): readonly NodeProto[] {
    return this.#graph.node;
  }

  /** The node that makes a value; undefined of inputs and fixed tensors. */
  producer(name: string): NodeProto | undefined {
    return this.#producers.get(name);
  }

  /** The nodes that read a value. */
  readers(name: string): readonly NodeProto[] {
    return this.#readers.get(name) ?? [];
  }

  /** Whether a value leaves the model. */
  isOutput(name: string): boolean {
    return this.#graph.output.some((output) => output.name === name);
  }

  /** A tensor that is fixed in the model. */
  tensor(name: string): TensorProto | undefined {
    return this.#tensors.get(name);
  }

  /** Numbers of a fixed tensor of float32. */
  numbers(name: string): Float32Array | undefined {
    const found = this.#tensors.get(name);
    if (found === undefined || found.dataType !== elementNumber("float32")) {
      return undefined;
    }
    return new Float32Array(found.rawData.slice().buffer);
  }

  /** Numbers of a fixed tensor of int64. */
  integers(name: string): number[] | undefined {
    const found = this.#tensors.get(name);
    if (found === undefined || found.dataType !== elementNumber("int64")) {
      return undefined;
    }
    return [...new BigInt64Array(found.rawData.slice().buffer)].map(Number);
  }

  /** Fixes a tensor under a name, in place of one that has it. */
  fix(name: string, value: Tensor): void {
    const tensor = encodeTensor(name, value);
    const at = this.#graph.initializer.findIndex((known) => known.name === name);
    if (at === -1) this.#graph.initializer.push(tensor);
    else this.#graph.initializer[at] = tensor;
    this.#tensors.set(name, tensor);
  }

  /** Puts nodes in front of one. */
  insertBefore(node: NodeProto, added: readonly NodeProto[]): void {
    this.#graph.node.splice(this.#graph.node.indexOf(node), 0, ...added);
  }

  /** Puts nodes in the place of one. */
  replace(node: NodeProto, by: readonly NodeProto[]): void {
    this.#graph.node.splice(this.#graph.node.indexOf(node), 1, ...by);
  }

  /** Drops nodes and fixed tensors that no output depends on. */
  prune(): void {
    const needed = new Set(this.#graph.output.map(({ name }) => name));
    const kept = this.#graph.node.toReversed().filter((node) => {
      if (!node.output.some((name) => needed.has(name))) return false;
      for (const name of node.input) needed.add(name);
      return true;
    });
    this.#graph.node = kept.toReversed();
    this.#graph.initializer = this.#graph.initializer.filter(({ name }) => needed.has(name));
  }
}
