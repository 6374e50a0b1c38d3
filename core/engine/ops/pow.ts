import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { equal } from "./equal.ts";
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
  // d(a^b) = b a^(b-1) da + a^b log(a) db, where 0^b log(0) counts as zero
  gradient: ({ a, b, y, dy }) => ({
    a: mul(dy, mul(b, pow(a, exponentBelow(b)))),
    b: mul(dy, mul(y, where(equal(a, 0), 0, log(a)))),
  }),
});

/** The exponent less one; a number if it is one, for which `pow` may know a faster way. */
function exponentBelow(b: Value): Operand {
  const { source } = b;
  if (source.kind !== "constant" || b.rank !== 0) return sub(b, 1);
  return Number(source.tensor.data[0]) - 1;
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
  return Pow(operands(a, b), {}).y;
}
