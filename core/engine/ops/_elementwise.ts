/**
 * What the elementwise operators share: their types, and numbers as operands.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { checkNumber } from "../graph/numbers.ts";
import { applying } from "../graph/op.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { filled, formatType, type TensorType } from "../graph/tensor.ts";
import { constant, scalar, Value } from "../graph/value.ts";
import { checkFloat } from "./_floats.ts";

/** An operand of a binary operator: a value, or a number of the other operand's type. */
export type Operand = Value | number;

/**
 * A number as an operand beside a tensor. ONNX Runtime's CPU kernels walk along the last axis that both operands have:
 * where it is of length 1, a scalar without axes costs some fifty times what one with as many axes as the tensor does.
 *
 * @throws {TypeError} if it is no number, as an untyped plugin may hand over
 */
function beside(number: number, other: Operand): Value {
  if (typeof number !== "number") {
    throw new GenviewTypeError(`a and b must be values or numbers, found ${typeof number}`);
  }
  if (!(other instanceof Value)) return scalar(number);
  checkNumber(other.dtype, number);
  return other.shape.at(-1) === 1
    ? constant(filled(other.dtype, other.shape.map(() => 1), number))
    : scalar(number, other.dtype);
}

/**
 * Both operands as values; a number takes the element type of the other one. An error names the operator that they
 * are for.
 */
export function operands(type: string, a: Operand, b: Operand): { a: Value; b: Value } {
  const given = { ...(a instanceof Value && { a }), ...(b instanceof Value && { b }) };
  return applying(type, given, () => ({
    a: a instanceof Value ? a : beside(a, b),
    b: b instanceof Value ? b : beside(b, a),
  }));
}

/** One output of the input's type, which must be a float. */
export function inferUnary({ x }: { readonly x: TensorType }): { y: TensorType } {
  checkFloat("x", x);
  return { y: x };
}

/** One output of the broadcast shape of two operands of the same element type. */
export function inferBinary(
  { a, b }: { readonly a: TensorType; readonly b: TensorType },
): { y: TensorType } {
  if (a.dtype !== b.dtype) {
    throw new GenviewTypeError(`element types must match, found ${a.dtype} and ${b.dtype}`);
  }
  return { y: { dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) } };
}

/** The same of numbers: booleans have no arithmetic. */
export function inferArithmetic(
  types: { readonly a: TensorType; readonly b: TensorType },
): { y: TensorType } {
  const type = inferBinary(types);
  if (type.y.dtype === "bool") throw new GenviewTypeError("a and b must be numbers, found bool");
  return type;
}

/** One boolean output of the broadcast shape of two operands of the same element type. */
export function inferComparison(
  types: { readonly a: TensorType; readonly b: TensorType },
): { y: TensorType } {
  return { y: { dtype: "bool", shape: inferBinary(types).y.shape } };
}

/** One boolean output of the broadcast shape of two operands of the same element type, which booleans have no order of. */
export function inferOrder(
  types: { readonly a: TensorType; readonly b: TensorType },
): { y: TensorType } {
  return { y: { dtype: "bool", shape: inferArithmetic(types).y.shape } };
}

/** One boolean output of the broadcast shape of two booleans. */
export function inferLogical(
  types: { readonly a: TensorType; readonly b: TensorType },
): { y: TensorType } {
  for (const [name, type] of Object.entries(types)) {
    if (type.dtype !== "bool") {
      throw new GenviewTypeError(`${name} must be bool, found ${formatType(type)}`);
    }
  }
  return inferBinary(types);
}
