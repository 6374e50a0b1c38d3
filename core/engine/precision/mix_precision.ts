/**
 * Mixed precision: a graph of float32 whose convolutions, products, activations and moves are computed in a type of half
 * the width, and whose weights, statistics, normalisations, softmaxes, losses and sums stay in float32.
 *
 * @module
 */
import type { DType } from "../graph/dtype.ts";
import { type NamedValues, type Node, nodesLeadingTo } from "../graph/node.ts";
import { decodeNumbers, encodeNumbers } from "../graph/numbers.ts";
import { asBuilt, reapply } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { tensor } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { cast } from "../ops/cast.ts";
import type { HalfPrecision } from "./precision.ts";

/** Largest relative error that rounding to each type makes of a number in its range. */
const ROUNDING: Readonly<Record<HalfPrecision, number>> = {
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
};

/** Operators for which ONNX Runtime has no kernels of bfloat16 on any device: they stay in float32. */
const WITHOUT_BFLOAT16: ReadonlySet<string> = new Set(["Conv", "ConvTranspose"]);

/** A graph on its way to mixed precision. */
class Mixing {
  readonly #half: HalfPrecision;
  /** What stands for each value that was made anew. */
  readonly #made = new Map<Value, Value>();
  readonly #casts = new Map<Value, Map<DType, Value>>();

  constructor(half: HalfPrecision) {
    this.#half = half;
  }

  /** What stands for a value of the graph. */
  of(value: Value): Value {
    return this.#made.get(value) ?? value;
  }

  /** A value in another type; each is converted once, whatever reads it, so a weight once in a step. */
  cast(value: Value, to: DType): Value {
    if (value.dtype === to) return value;
    const known = this.#casts.get(value) ?? new Map<DType, Value>();
    this.#casts.set(value, known);
    const found = known.get(to) ?? this.#convert(value, to);
    known.set(to, found);
    return found;
  }

  #convert(value: Value, to: DType): Value {
    const { source } = value;
    if (source.kind !== "constant") return cast(value, to);
    return constant(tensor(to, value.shape, encodeNumbers(to, decodeNumbers(source.tensor))));
  }

  /** Makes a node anew where its precision asks for it. */
  add(node: Node): void {
    const given = Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [name, value && this.of(value)]),
    );
    asBuilt(node, () => this.#add(node, given));
  }

  #add(node: Node, given: NamedValues): void {
    const { op } = node;
    const dtype = this.#dtypeOf(node, given);
    const isCast = (value: Value) => op.precision !== "itself" && this.#isConverted(value);
    const inputs = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        value !== undefined && isCast(value) ? this.cast(value, dtype) : value,
      ]),
    );
    if (Object.entries(inputs).every(([name, value]) => value === node.inputs[name])) return;
    const outputs = reapply(node, inputs);
    const [first] = Object.values(given);
    const [kept] = op.outputs;
    for (const [name, old] of Object.entries(node.outputs)) {
      const made = outputs[name]!;
      const isKept = op.precision === "within" && name === kept && first?.dtype === this.#half;
      this.#made.set(old, isKept ? this.cast(made, this.#half) : made);
    }
  }

  /** Whether a value is of a type that precision is about. */
  #isConverted({ dtype }: Value): boolean {
    return dtype === "float32" || dtype === this.#half;
  }

  /** The type in which a node computes. */
  #dtypeOf({ op }: Node, given: NamedValues): "float32" | HalfPrecision {
    if (this.#half === "bfloat16" && WITHOUT_BFLOAT16.has(op.type)) return "float32";
    switch (op.precision) {
      case "half":
        return this.#half;
      case "float32":
      case "within":
      case "itself":
        return "float32";
      case "widest":
        return this.#widest(Object.values(given).filter((value) => value !== undefined));
    }
  }

  /** The widest type of some values, of which numbers and vectors such as biases follow the others. */
  #widest(given: readonly Value[]): "float32" | HalfPrecision {
    const values = given.filter((value) => this.#isConverted(value));
    const rank = Math.max(0, ...values.map((value) => value.rank));
    const leading = values.filter((value) => !this.#follows(value, rank));
    return leading.length > 0 && leading.every(({ dtype }) => dtype === this.#half)
      ? this.#half
      : "float32";
  }

  #follows(value: Value, rank: number): boolean {
    const { source, shape } = value;
    if (source.kind === "input") return shape.length <= 1 && shape.length < rank;
    if (source.kind !== "constant" || elementCount(shape) !== 1) return false;
    const number = decodeNumbers(source.tensor)[0]!;
    const rounded = this.cast(value, this.#half).source;
    const found = rounded.kind === "constant" ? decodeNumbers(rounded.tensor)[0]! : NaN;
    // A number beyond the range of the type, or so small that it loses digits, keeps what it is combined with wide.
    return Object.is(found, number) ||
      Math.abs(found - number) <= ROUNDING[this.#half] * Math.abs(number);
  }
}

/**
 * The same values in mixed precision, by the rules of their operators (`OpSpec.precision`): what they are called and their
 * types stay the same, and so do their inputs, weights in float32 among them, each of which is rounded once. To be applied
 * before the graph is differentiated: gradients then come in the types of what they are by, those by weights in float32.
 *
 * Source: Micikevicius et al. 2018, "Mixed precision training", section 3; the rules are those of `torch.autocast`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { input, printGraph } from "../graph/mod.ts";
 * import { matMul } from "../ops/mat_mul.ts";
 * import { softmax } from "../ops/softmax.ts";
 * import { mixPrecision } from "./mix_precision.ts";
 *
 * const x = input("x", "float32", [4, 8]);
 * const weight = input("weight", "float32", [8, 2]);
 * const { y } = mixPrecision({ y: softmax(matMul(x, weight)) }, "float16");
 * assertEquals(y!.dtype, "float32");
 * assertEquals(printGraph([y!]).match(/Cast/g)?.length, 3);
 * ```
 *
 * @param values by name, all of one graph
 * @param half the type of half the width
 */
export function mixPrecision(
  values: Readonly<Record<string, Value>>,
  half: HalfPrecision,
): Record<string, Value> {
  const mixing = new Mixing(half);
  for (const node of nodesLeadingTo(Object.values(values), false)) mixing.add(node);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      mixing.cast(mixing.of(value), value.dtype),
    ]),
  );
}
