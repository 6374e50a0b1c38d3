/**
 * Elementwise operators.
 *
 * @module
 */
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import { type Drawn, type GradientCase, row } from "./gradient_case.ts";

const SHAPES: readonly Shape[] = [[7], [3, 5], [2, 1, 3, 5]];

/** Pairs of shapes that stretch over each other. */
const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[3, 5], [3, 5]],
  [[2, 1, 5], [3, 1]],
  [[], [4, 3]],
  [[7, 1], [1, 3]],
];

type Spread = (shape: Shape) => Drawn;

const normal: Spread = (shape) => shape;
const positive: Spread = (shape) => ({ shape, within: [0.3, 2.5] });
const apart: Spread = (shape) => ({ shape, apart: 0.1 });

/** Numbers of which none is nearer than 0.05 to one that `apart` draws. */
const between: Spread = (shape) => ({ shape, apart: 0.225 });

const BOTH = ["float64", "float32"] as const;
const SINGLE = ["float32"] as const;

function unary(
  name: string,
  build: (x: Value) => Value,
  spread: Spread = normal,
  dtypes: NonNullable<GradientCase["dtypes"]> = ["float64"],
): GradientCase {
  const inputs = SHAPES.map((shape) => ({ x: spread(shape) }));
  return row(name, ({ x }) => build(x!), inputs, dtypes);
}

function binary(
  name: string,
  build: (a: Value, b: Value) => Value,
  spreads: readonly [Spread, Spread] = [normal, normal],
  dtypes: NonNullable<GradientCase["dtypes"]> = ["float64"],
): GradientCase {
  const inputs = PAIRS.map(([a, b]) => ({ a: spreads[0](a), b: spreads[1](b) }));
  return row(name, ({ a, b }) => build(a!, b!), inputs, dtypes);
}

/** One row per operator. */
export const ELEMENTWISE: readonly GradientCase[] = [
  binary("add", op.add),
  binary("sub", op.sub),
  binary("mul", op.mul),
  binary("div", op.div, [normal, positive]),
  binary("pow", op.pow, [positive, normal]),
  ...[-1, 0.5, 1, 2, 3, -1.5].map((n) => unary(`pow ${n}`, (x) => op.pow(x, n), positive)),
  binary("maximum", op.maximum, [apart, between], BOTH),
  binary("minimum", op.minimum, [apart, between], BOTH),
  unary("maximum of a number", (x) => op.maximum(x, 0.25), apart),
  unary("number less x", (x) => op.sub(1, x)),
  unary("number over x", (x) => op.div(2, x), positive),
  unary("neg", op.neg),
  unary("abs", op.abs, apart),
  unary("sign", op.sign, apart),
  unary("floor", op.floor, apart),
  unary("round", op.round, apart),
  unary("sqrt", op.sqrt, positive),
  unary("reciprocal", op.reciprocal, positive),
  unary("exp", op.exp),
  unary("log", op.log, positive),
  unary("erf", op.erf, normal, SINGLE),
  unary("tanh", op.tanh),
  unary("sigmoid", op.sigmoid),
  unary("relu", op.relu, apart, BOTH),
  unary("leakyRelu", (x) => op.leakyRelu(x, 0.2), apart, SINGLE),
  unary("softplus", op.softplus, (shape) => ({ shape, within: [-4, 4] })),
  unary("silu", op.silu, normal, BOTH),
  unary("quickGelu", op.quickGelu, normal, BOTH),
  unary("gelu", (x) => op.gelu(x), normal, SINGLE),
  unary("gelu tanh", (x) => op.gelu(x, { approximate: "tanh" }), normal, SINGLE),
  unary("sin", op.sin),
  unary("cos", op.cos),
  unary("identity", op.identity),
  unary("clip", (x) => op.clip(x, { min: -0.5, max: 0.7 }), apart),
  unary("clip from below", (x) => op.clip(x, { min: 0 }), apart),
  unary("clip from above", (x) => op.clip(x, { max: 0 }), apart),
  binary("where", (a, b) => op.where(op.greater(a, 0), op.mul(a, 2), b), [apart, normal]),
  unary("cast", (x) => op.cast(op.mul(op.cast(x, "float64"), 3), "float32"), normal, SINGLE),
  unary("dropout", (x) => op.dropout(x, op.sigmoid(op.stopGradient(x)), 0.3)),
];
