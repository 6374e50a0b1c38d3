/**
 * Symbolic tensors: what flows along the edges of a graph.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { Node } from "./node.ts";
import { filled, type Tensor, type TensorType } from "./tensor.ts";
import type { DType } from "./dtype.ts";
import type { Shape } from "./shape.ts";

/** Where a value comes from: the feed of a graph, fixed data, or one output of a node. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "output"; readonly node: Node; readonly output: string };

/** A symbolic tensor of known element type and shape; immutable, compared by identity. */
export class Value {
  /** Element type and shape. */
  readonly type: TensorType;
  /** Where the value comes from. */
  readonly source: Source;

  /** Called by {@linkcode input}, {@linkcode constant} and the operators, not by users. */
  constructor(type: TensorType, source: Source) {
    this.type = { dtype: type.dtype, shape: type.shape };
    this.source = source;
  }

  /** Element type. */
  get dtype(): DType {
    return this.type.dtype;
  }

  /** Lengths of the axes. */
  get shape(): Shape {
    return this.type.shape;
  }

  /** Number of axes. */
  get rank(): number {
    return this.type.shape.length;
  }
}

/**
 * Declares an input of a graph: data, a parameter or a state, all of them fed under their name.
 *
 * @throws {TypeError} if the name is empty
 * @throws {RangeError} if a length is not a positive integer
 */
export function input(name: string, dtype: DType, shape: Shape): Value {
  if (name === "") {
    throw new GenviewTypeError("Cannot declare an input: its name must not be empty");
  }
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 1) {
      throw new GenviewRangeError(
        `Cannot declare input "${name}": lengths must be positive integers, found [${
          shape.join(",")
        }]`,
      );
    }
  }
  return new Value({ dtype, shape: [...shape] }, { kind: "input", name });
}

/** A value fixed when the graph is built. */
export function constant(tensor: Tensor): Value {
  return new Value(tensor, { kind: "constant", tensor });
}

/** A scalar fixed when the graph is built. */
export function scalar(value: number, dtype: DType = "float32"): Value {
  return constant(filled(dtype, [], value));
}
