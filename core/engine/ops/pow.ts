import { decodeNumbers } from "../graph/numbers.ts";
import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { and } from "./and.ts";
import { equal } from "./equal.ts";
import { greaterOrEqual } from "./greater_or_equal.ts";
import { log } from "./log.ts";
import { mul } from "./mul.ts";
import { reciprocal } from "./reciprocal.ts";
import { sqrt } from "./sqrt.ts";
import { sub } from "./sub.ts";
import { where } from "./where.ts";

const Pow = defineOp({
  type: "Pow",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferArithmetic,
  // d(a^b) = b a^(b-1) da + a^b log(a) db, where 0 a^-1 and 0^b log(0) count as zero for b from 0 on, as in PyTorch
  gradient: ({ a, b, y, dy }) => ({
    a: byBase(a, b, dy),
    b: mul(dy, mul(y, where(and(equal(a, 0), greaterOrEqual(b, 0)), 0, log(a)))),
  }),
});

function byBase(a: Value, b: Value, dy: Value): Value {
  const exponent = numberOf(b);
  const slope = mul(dy, mul(b, pow(a, exponent === undefined ? sub(b, 1) : exponent - 1)));
  if (exponent !== undefined && exponent !== 0) return slope;
  return where(equal(b, 0), 0, slope);
}

/** The exponent if it is a number, for which `pow` may know a faster way. */
function numberOf({ source, rank }: Value): number | undefined {
  return source.kind === "constant" && rank === 0 ? decodeNumbers(source.tensor)[0] : undefined;
}

/**
 * Power of each element, with broadcasting. Exponents -1, 0.5, 1 and 2 given as numbers become the operators that do
 * the same in a fraction of the time. The gradient by the exponent needs a base that is not negative.
 */
export function pow(a: Value, b: Operand): Value {
  if (b === 1) return a;
  if (b === 2) return mul(a, a);
  if (b === 0.5) return sqrt(a);
  if (b === -1) return reciprocal(a);
  return Pow(operands("Pow", a, b), {}).y;
}
