/**
 * The proof that a method computes what its networks read sample by sample, so that a part of the batch gives what it
 * gives within the whole.
 *
 * @module
 */
import { type Node, producer } from "../../../engine/graph/node.ts";
import { bytesOf, formatType, sameType, type Tensor } from "../../../engine/graph/tensor.ts";
import type { Value } from "../../../engine/graph/value.ts";
import { notInParts } from "./refusal.ts";

/** A value that the graph of a micro-batch and that of the whole batch have in common. */
export interface Counterparts {
  /** In the graph of a micro-batch. */
  readonly micro: Value;
  /** In the graph of the whole batch. */
  readonly whole: Value;
}

/** The numbers of samples in both graphs. */
export interface BatchSizes {
  /** In a micro-batch. */
  readonly micro: number;
  /** In the whole batch. */
  readonly whole: number;
}

/**
 * How a value's rows follow from samples: the number of blocks that its first axis has, each with one row for each sample
 * in order, as views one after the other do; or 0 for a value that is the same in every micro-batch.
 */
type Blocks = number;

/** What has no proof, and why. */
class Unproven extends Error {}

/** Operators that compute an element from those in its place. */
const ELEMENT_BY_ELEMENT = new Set(
  ("Abs Add And Cast Clip Cos Div Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid Identity " +
    "LeakyRelu Less LessOrEqual Log Max Min Mul Neg Not Or Pow QuickGelu Reciprocal Relu Round Sigmoid Sign Silu " +
    "Sin Softplus Sqrt Sub Tanh Where").split(" "),
);

/** Operators that compute along one axis. */
const ALONG_AXIS = new Set(["Softmax", "LogSoftmax"]);

/** Operators that reduce axes. */
const REDUCTIONS = new Set(["ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"]);

/** Products of rows with a matrix. */
const PRODUCTS = new Set(["MatMul", "FusedMatMul", "Gemm"]);

function sameElements(a: Tensor, b: Tensor): boolean {
  const [left, right] = [bytesOf(a), bytesOf(b)];
  return sameType(a, b) && left.every((byte, i) => byte === right[i]);
}

function sameAttributes(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a value is the same for all rows of a result. */
function isForAllRows({ rank, shape }: Value, result: Value): boolean {
  return rank < result.rank || shape[0] === 1;
}

/** Proves, for one method, that values of a micro-batch are rows of those of the whole batch. */
export class SampleRows {
  readonly #sizes: BatchSizes;
  readonly #fixed: ReadonlySet<string>;
  readonly #known = new Map<Value, { readonly whole: Value; readonly blocks: Blocks }>();

  /**
   * @param views the views in both graphs
   * @param fixed names of inputs that are the same for all samples: parameters, buffers, scalars
   */
  constructor(sizes: BatchSizes, views: readonly Counterparts[], fixed: ReadonlySet<string>) {
    this.#sizes = sizes;
    this.#fixed = fixed;
    for (const { micro, whole } of views) this.#known.set(micro, { whole, blocks: 1 });
  }

  /**
   * Proves that what a network is applied to is computed sample by sample; so is then what it gives.
   *
   * @param part the part of a network, for errors
   * @throws {TypeError} if there is no proof
   */
  add(part: string, read: Counterparts, given: Counterparts): void {
    try {
      const blocks = this.#blocks(read.micro, read.whole);
      const { micro, whole } = this.#sizes;
      if (
        given.micro.shape[0] !== blocks * micro || given.whole.shape[0] !== blocks * whole
      ) {
        throw new Unproven("what gives another number of rows than it takes");
      }
      this.#known.set(given.micro, { whole: given.whole, blocks });
    } catch (error) {
      if (!(error instanceof Unproven)) throw error;
      throw notInParts(
        `what "${part}" is applied to must be computed sample by sample from views and networks, found ${error.message}`,
      );
    }
  }

  #blocks(micro: Value, whole: Value): Blocks {
    const known = this.#known.get(micro);
    if (known !== undefined && known.whole === whole) return known.blocks;
    const blocks = this.#found(micro, whole);
    this.#known.set(micro, { whole, blocks });
    return blocks;
  }

  #found(micro: Value, whole: Value): Blocks {
    const { source } = micro;
    const other = whole.source;
    if (source.kind === "input") {
      const same = other.kind === "input" && other.name === source.name &&
        sameType(micro.type, whole.type);
      if (same && this.#fixed.has(source.name)) return 0;
      throw new Unproven(`"${source.name}", which is known for the whole batch alone`);
    }
    if (source.kind === "constant") {
      if (other.kind === "constant" && sameElements(source.tensor, other.tensor)) return 0;
      throw new Unproven(`a constant ${formatType(micro.type)} that depends on the batch size`);
    }
    const node = producer(whole);
    if (
      node?.op !== source.node.op || (other.kind === "output" && other.output !== source.output)
    ) {
      throw new Unproven(`${source.node.op.type}, which another batch size replaces`);
    }
    const names = Object.keys(source.node.inputs);
    const mixed = new Unproven(`${source.node.op.type} over samples`);
    if (names.join() !== Object.keys(node.inputs).join()) throw mixed;
    const inputs = names.map((name) => this.#blocks(source.node.inputs[name]!, node.inputs[name]!));
    if (source.node.expansion === undefined) {
      const made = this.#made(source.node, node, inputs, micro, whole);
      if (made === undefined) throw mixed;
      return made;
    }
    try {
      return this.#blocks(
        source.node.expansion[source.output]!,
        node.expansion![source.output]!,
      );
    } catch (error) {
      // What it reads has its proof: so it is the operator that mixes samples, whatever it is made of.
      throw error instanceof Unproven ? mixed : error;
    }
  }

  /** Of a primitive operator, by the blocks of its inputs; undefined if it mixes samples. */
  #made(
    node: Node,
    other: Node,
    blocks: readonly Blocks[],
    micro: Value,
    whole: Value,
  ): Blocks | undefined {
    const alike = sameAttributes(node.attributes, other.attributes);
    if (blocks.every((each) => each === 0)) {
      return alike && sameType(micro.type, whole.type) ? 0 : undefined;
    }
    const inputs = Object.values(node.inputs) as Value[];
    const found = this.#rows(node, inputs, blocks, alike) ??
      this.#moved(node, other, inputs, blocks, alike);
    const { micro: few, whole: all } = this.#sizes;
    const fits = found !== undefined && micro.shape[0] === found * few &&
      whole.shape[0] === found * all;
    return fits ? found : undefined;
  }

  /** Of operators that leave every row in its place. */
  #rows(
    { op, attributes, outputs }: Node,
    inputs: readonly Value[],
    blocks: readonly Blocks[],
    alike: boolean,
  ): Blocks | undefined {
    if (!alike) return undefined;
    const y = Object.values(outputs)[0]!;
    const [first, ...others] = blocks as [Blocks, ...Blocks[]];
    const { axis, axes, perm, transposeA } = attributes as {
      readonly axis?: number;
      readonly axes?: readonly number[];
      readonly perm?: readonly number[];
      readonly transposeA?: boolean;
    };
    const most = Math.max(...blocks);
    if (ELEMENT_BY_ELEMENT.has(op.type)) {
      const fits = inputs.every((input, i) =>
        blocks[i] === 0 ? isForAllRows(input, y) : blocks[i] === most && input.rank === y.rank
      );
      return fits ? most : undefined;
    }
    if (op.type === "Concat" && axis !== 0) {
      return blocks.every((each) => each === first) ? first : undefined;
    }
    if (others.some((other) => other !== 0)) return undefined;
    const keeps = (ALONG_AXIS.has(op.type) || op.type === "LayerNormalization") && axis !== 0 ||
      REDUCTIONS.has(op.type) && !axes!.includes(0) ||
      op.type === "Transpose" && perm![0] === 0 ||
      op.type === "Slice" && !axes!.includes(0) ||
      PRODUCTS.has(op.type) && !transposeA && inputs[1]!.rank === 2 &&
        (inputs[2] === undefined || isForAllRows(inputs[2], y));
    return keeps ? first : undefined;
  }

  /** Of operators that put rows elsewhere, or whose attributes name the number of rows. */
  #moved(
    { op, attributes, outputs }: Node,
    other: Node,
    inputs: readonly Value[],
    blocks: readonly Blocks[],
    alike: boolean,
  ): Blocks | undefined {
    const [y] = Object.values(outputs) as [Value];
    const [theirs] = Object.values(other.outputs) as [Value];
    const [first] = blocks as [Blocks];
    if (op.type === "Concat") {
      const joins = alike && blocks.every((each) => each > 0);
      return joins ? blocks.reduce((sum, each) => sum + each, 0) : undefined;
    }
    if (op.type === "Reshape") {
      const inner = y.shape.slice(1).join() === theirs.shape.slice(1).join();
      return inner && y.shape[0] === inputs[0]!.shape[0] ? first : undefined;
    }
    return op.type === "Slice"
      ? this.#cutOut(attributes as Stretches, other.attributes as Stretches)
      : undefined;
  }

  /** Whole blocks out of several, as a network gives back what it took of each view. */
  #cutOut(ours: Stretches, theirs: Stretches): Blocks | undefined {
    const alone = [ours, theirs].every(({ axes, steps }) =>
      axes.join() === "0" && steps.join() === "1"
    );
    if (!alone) return undefined;
    const { micro, whole } = this.#sizes;
    const bounds = (
      { starts, ends }: Stretches,
      size: number,
    ) => [starts[0]! / size, ends[0]! / size];
    const [from, to] = bounds(ours, micro) as [number, number];
    const same = bounds(theirs, whole).join() === [from, to].join();
    return same && Number.isInteger(from) && Number.isInteger(to) ? to - from : undefined;
  }
}

/** Attributes of a slice. */
interface Stretches {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}
