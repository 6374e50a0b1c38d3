/**
 * Graphs for this CPU, in which what lies between convolutions stays in the blocked layout of their kernels.
 *
 * Each convolution by blocked kernels stands in the graph with a change of layout before and after it. Arithmetic by
 * element and by channel, sums over channels and means over positions are as good in one layout as in the other, so
 * the changes between two convolutions can be left out, and arithmetic by channel becomes one pass of a depthwise
 * convolution. Where tensors of both layouts meet, they do in the one in which the result is read: a bottleneck's outer
 * convolutions are matrix products, which take the usual one.
 *
 * @module
 */
import { type Node, nodesLeadingTo, producer, resolve } from "../graph/node.ts";
import { asBuilt, reapply } from "../graph/op.ts";
import { elementCount, sameShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import {
  blocked,
  BLOCKED_DOMAIN,
  blockedDot,
  blockedMeans,
  unblocked,
} from "../ops/convolution/blocked_layout.ts";
import { mul } from "../ops/mul.ts";
import { neg } from "../ops/neg.ts";
import { reduceSum } from "../ops/reduce_sum.ts";
import { reshape } from "../ops/reshape.ts";
import { BlockedTensor } from "./blocked_tensor.ts";
import { BINARY, givesRows, UNARY, valuesReadBlocked } from "./read_blocked.ts";

/** Sums of a blocked tensor over positions, `[N, C]`. */
function positionSums(x: Value): Value {
  return mul(blockedMeans(x), elementCount(x.shape.slice(2)));
}

/** A graph as it is written anew, node by node. */
class Rewriting {
  readonly #block: number;
  /** Values that are of use in the blocked layout. */
  readonly #readBlocked: ReadonlySet<Value>;
  /** What took the place of a value, in the usual layout. */
  readonly #plain = new Map<Value, Value>();
  /** What took the place of a value, in the blocked layout. */
  readonly #blocked = new Map<Value, BlockedTensor>();
  /** Values of the usual layout, brought into the blocked one. */
  readonly #reordered = new Map<Value, BlockedTensor>();
  /** Tensors that were only reshaped to a row for each channel of each sample, by what they were reshaped to. */
  readonly #rows = new Map<Value, Node>();

  constructor(block: number, readBlocked: ReadonlySet<Value>) {
    this.#block = block;
    this.#readBlocked = readBlocked;
  }

  /** What takes the place of a value, in the usual layout. */
  plain(given: Value): Value {
    const value = resolve(given);
    const known = this.#plain.get(value);
    if (known !== undefined) return known;
    const made = this.#blocked.get(value);
    const rows = this.#rows.get(value);
    const found = made !== undefined
      ? unblocked(made.value())
      : rows !== undefined
      ? reapply(rows, { x: this.plain(rows.inputs.x!) }).y!
      : value;
    this.#plain.set(value, found);
    return found;
  }

  /** Writes a node. */
  write(node: Node): void {
    asBuilt(node, () => this.#write(node));
  }

  #write(node: Node): void {
    if (this.#writeBlocked(node)) return;
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [name, this.plain(value!)]),
    );
    const outputs = reapply(node, inputs);
    for (const [name, value] of Object.entries(node.outputs)) {
      this.#plain.set(value, outputs[name]!);
    }
  }

  #tensor(value: Value | undefined): BlockedTensor | undefined {
    return value && this.#blocked.get(resolve(value));
  }

  /** A value in the blocked layout, into which it is brought once. */
  #inBlocks(given: Value): BlockedTensor {
    const value = resolve(given);
    const found = this.#blocked.get(value) ?? this.#reordered.get(value) ??
      BlockedTensor.of(blocked(this.plain(value)));
    if (!this.#blocked.has(value)) this.#reordered.set(value, found);
    return found;
  }

  /** Writes a node in the blocked layout; whether it could, and that was of use. */
  #writeBlocked(node: Node): boolean {
    const { op: { type, domain }, inputs } = node;
    const [y] = Object.values(node.outputs) as [Value];
    const keep = (tensor: BlockedTensor | undefined): boolean => {
      if (tensor !== undefined) this.#blocked.set(y, tensor);
      return tensor !== undefined;
    };
    const replace = (value: Value | undefined): boolean => {
      if (value !== undefined) this.#plain.set(y, value);
      return value !== undefined;
    };
    if (domain === BLOCKED_DOMAIN) {
      if (type === "ReorderOutput") return keep(BlockedTensor.of(this.plain(inputs.x!)));
      return type === "ReorderInput" && replace(this.#inBlocks(inputs.x!).value());
    }
    if (UNARY.has(type)) return keep(this.#unary(node, y));
    if (BINARY.has(type)) return keep(this.#binary(node, y));
    if (type === "Reshape") return keep(this.#regrouped(node, y)) || this.#noteRows(node, y);
    if (type === "ReduceSum") return replace(this.#channelSums(node, y));
    if (type === "GlobalAveragePool") return replace(this.#means(node, y));
    return type === "FusedMatMul" && replace(this.#products(node, y));
  }

  #unary(node: Node, y: Value): BlockedTensor | undefined {
    const x = this.#tensor(node.inputs.x);
    // What is in the usual layout already stays there, where nothing reads blocks.
    const isPlain = this.#plain.has(resolve(node.inputs.x!)) && !this.#readBlocked.has(y);
    if (x === undefined || isPlain) return undefined;
    const fused = node.op.type === "Relu" ? x.relu() : undefined;
    return BlockedTensor.of(fused ?? reapply(node, { x: x.value() }).y!);
  }

  #binary(node: Node, y: Value): BlockedTensor | undefined {
    const [a, b] = [resolve(node.inputs.a!), resolve(node.inputs.b!)];
    const [known, other] = this.#blocked.has(a) ? [a, b] : [b, a];
    const tensor = this.#tensor(known);
    if (tensor === undefined) return undefined;
    if (sameShape(known.shape, other.shape)) return this.#ofTensors(node, y, a, b);
    const { type } = node.op;
    if (elementCount(other.shape) === 1 && other.rank <= 4) {
      const each = { [known === a ? "a" : "b"]: tensor.value() };
      return BlockedTensor.of(
        reapply(node, { a: this.plain(other), b: this.plain(other), ...each }).y!,
      );
    }
    const channels = this.#perChannel(other, known);
    if (channels === undefined || type === "Div") return undefined;
    if (type === "Mul") return tensor.times(channels);
    if (type === "Add") return tensor.shifted(channels);
    return known === a ? tensor.shifted(neg(channels)) : undefined;
  }

  #ofTensors(node: Node, y: Value, a: Value, b: Value): BlockedTensor | undefined {
    // Where one is in blocks and one is not, blocks are of use only if something reads the result in them.
    const areBoth = this.#blocked.has(a) && this.#blocked.has(b);
    if (!areBoth && !this.#readBlocked.has(y)) return undefined;
    const [one, two] = [this.#inBlocks(a), this.#inBlocks(b)];
    if (node.op.type === "Add") return one.plus(two);
    return BlockedTensor.of(reapply(node, { a: one.value(), b: two.value() }).y!);
  }

  /** A tensor that is stretched over all but the channels of another one, as `[C]`. */
  #perChannel(vector: Value, { shape }: Value): Value | undefined {
    const channels = shape[1]!;
    const stretched = [1, channels, 1, 1].slice(4 - vector.rank);
    if (vector.rank < 3 || !sameShape(vector.shape, stretched)) return undefined;
    return reshape(this.plain(vector), [channels]);
  }

  /** Sums over all but the channels. */
  #channelSums(node: Node, { shape }: Value): Value | undefined {
    const x = this.#tensor(node.inputs.x);
    const { axes } = node.attributes as { readonly axes: readonly number[] };
    if (x === undefined || axes.join() !== "0,2,3") return undefined;
    const factors = producer(resolve(node.inputs.x!));
    const [a, b] = factors?.op.type === "Mul"
      ? [factors.inputs.a, factors.inputs.b].map((value) => this.#tensor(value)?.value())
      : [];
    const sums = a && b && sameShape(a.shape, b.shape) ? blockedDot(a, b) : positionSums(x.value());
    return reshape(reduceSum(sums, { axis: 0 }), shape);
  }

  #means({ inputs }: Node, { shape }: Value): Value | undefined {
    const x = this.#tensor(inputs.x);
    return x && reshape(blockedMeans(x.value()), shape);
  }

  /** Samples that become channels of fewer ones, and back. */
  #regrouped(node: Node, { shape }: Value): BlockedTensor | undefined {
    const x = this.#tensor(node.inputs.x);
    const regroups = x !== undefined && shape.length === 4 && shape[1]! % this.#block === 0 &&
      sameShape(shape.slice(2), node.inputs.x!.shape.slice(2));
    return regroups ? x.regrouped(shape) : undefined;
  }

  #noteRows(node: Node, y: Value): boolean {
    const areRows = this.#tensor(node.inputs.x) !== undefined && givesRows(node.inputs.x!, y);
    if (areRows) this.#rows.set(y, node);
    return areRows;
  }

  /** Products of a row and a column for each channel of each sample. */
  #products(node: Node, { shape }: Value): Value | undefined {
    const { alpha, transposeA, transposeB } = node.attributes as {
      readonly alpha: number;
      readonly transposeA: boolean;
      readonly transposeB: boolean;
    };
    if (alpha !== 1 || transposeA || !transposeB) return undefined;
    const [a, b] = [node.inputs.a!, node.inputs.b!].map((value) =>
      this.#tensor(this.#rows.get(resolve(value))?.inputs.x)
    );
    if (a === undefined || b === undefined) return undefined;
    const [one, two] = [a.value(), b.value()];
    if (!sameShape(one.shape, two.shape)) return undefined;
    return reshape(blockedDot(one, two), shape);
  }
}

/** Channels that the kernels of the graph's target block together, 1 if it has no blocked kernels. */
function blockOf(nodes: readonly Node[]): number {
  const found = nodes.find(({ op }) => op.domain === BLOCKED_DOMAIN);
  return found?.target.channelBlock ?? 1;
}

/**
 * The same values by a graph that keeps the blocked layout between convolutions, equal up to rounding. A graph without
 * blocked kernels is given back as it is.
 */
export function keepBlocked<Name extends string>(
  outputs: Readonly<Record<Name, Value>>,
): Record<Name, Value> {
  const entries = Object.entries<Value>(outputs);
  const values = entries.map(([, value]) => value);
  const nodes = nodesLeadingTo(values, true);
  const block = blockOf(nodes);
  if (block === 1) return outputs;
  const rewriting = new Rewriting(block, valuesReadBlocked(nodes, values));
  for (const node of nodes) rewriting.write(node);
  const written = entries.map(([name, value]) => [name, rewriting.plain(value)]);
  return Object.fromEntries(written) as Record<Name, Value>;
}
