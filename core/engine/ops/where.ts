import { GenviewTypeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { cast } from "./cast.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

interface WhereTypes {
  readonly condition: TensorType;
  readonly a: TensorType;
  readonly b: TensorType;
}

function infer({ condition, a, b }: WhereTypes): { y: TensorType } {
  if (condition.dtype !== "bool") {
    throw new GenviewTypeError(`condition must be bool, found ${formatType(condition)}`);
  }
  const { dtype, shape } = inferArithmetic({ a, b }).y;
  return { y: { dtype, shape: broadcastShapes(condition.shape, shape) } };
}

const Where = defineOp({
  type: "Where",
  inputs: ["condition", "a", "b"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer,
  // dy goes to a where the condition holds and to b elsewhere; by products, which run faster than Where.
  gradient: ({ condition, dy }) => {
    const first = mul(dy, cast(condition, dy.dtype));
    return { a: first, b: sub(dy, first) };
  },
});

/**
 * The element of `a` where a condition holds and that of `b` elsewhere, with broadcasting. An infinite gradient makes a
 * NaN of what was not taken, where PyTorch gives zero.
 */
export function where(condition: Value, a: Operand, b: Operand): Value {
  return Where({ condition, ...operands("Where", a, b) }, {}).y;
}
