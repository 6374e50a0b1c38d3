/**
 * Trials of arithmetic, reductions and moves of elements, of which losses, updates and views are made.
 *
 * @module
 */
import type { Shape } from "../../graph/shape.ts";
import { int64 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import * as op from "../../ops/mod.ts";
import { ofNumbers, type OperatorTrial, unary } from "./operator_trial.ts";

const IMAGES: Shape = [4, 6, 3, 3];

/** A number for each element that tells how all comparisons came out. */
function comparisons({ a, b }: Readonly<Record<string, Value>>): Value {
  const isAtLeast = op.greaterOrEqual(a!, b!);
  const answers = [op.less(a!, b!), isAtLeast, op.and(isAtLeast, op.not(op.equal(a!, b!)))];
  return answers.map((answer, i) => op.mul(op.cast(answer, "float32"), 2 ** i)).reduce(op.add);
}

/** Bytes of images, turned as they are before they are floats, and what makes bytes of floats. */
function bytes(x: Value): Value {
  return op.cast(op.transpose(op.cast(x, "uint8"), [1, 0]), "float32");
}

/** Arithmetic, functions, reductions and comparisons. */
export const ARITHMETIC: readonly OperatorTrial[] = [
  ...["reduceSum", "reduceMean", "reduceMax", "reduceMin", "reduceL2"].map((name) =>
    unary(
      name.replace("reduce", "Reduce"),
      (x) => op[name as "reduceSum"](x, { axes: [0, 2, 3] }),
      IMAGES,
    )
  ),
  unary("Sqrt and Div", (x) => op.div(x, op.sqrt(op.add(op.mul(x, x), 0.1)))),
  unary("Exp and Log", (x) => op.log(op.add(op.exp(x), 1))),
  unary("Abs and Reciprocal", (x) => op.reciprocal(op.add(op.abs(x), 0.5))),
  unary("Tanh", (x) => op.tanh(x)),
  // As large as the angles of late timesteps are.
  ofNumbers("Sin and Cos", (x) => op.sub(op.sin(x), op.cos(x)), [0, 0.7, -2, 3, 31.4, 250, 999]),
  ofNumbers(
    "Round and Sign",
    (x) => op.add(op.round(x), op.mul(op.sign(x), 8)),
    [-2.5, -1.5, -0.6, -0.5, 0, 0.4, 0.5, 1.5, 2.5, 2.6],
  ),
  {
    name: "Min and Max",
    inputs: { a: [3, 4], b: [4] },
    build: ({ a, b }) => op.maximum(op.minimum(a!, b!), -1),
  },
  {
    name: "comparisons",
    inputs: { a: [5], b: [5] },
    values: { a: [-1, 0.5, 2, 0, 7], b: [-1, 1, -2, 0, 7] },
    build: comparisons,
  },
  {
    name: "Where",
    inputs: { a: [3, 4], b: [4] },
    build: ({ a, b }) => op.where(op.greater(a!, b!), a!, op.mul(b!, 2)),
  },
  unary(
    "sums of int64",
    (x) => op.cast(op.add(op.cast(op.floor(x), "int64"), 1), "float32"),
    [5],
  ),
  unary(
    "Equal of int64",
    (x) => op.cast(op.equal(op.cast(op.floor(x), "int64"), constant(int64([1], [-1]))), "float32"),
    [9],
  ),
];

const rows = constant(int64([3], [2, 0, 2]));
const places = constant(int64([2, 3], [3, 0, 1, 2, 2, 0]));

/** Moves of elements. */
export const MOVES: readonly OperatorTrial[] = [
  unary("Identity", (x) => op.identity(x)),
  unary("Expand", (x) => op.expand(x, [2, 4, 3]), [4, 1]),
  unary("Transpose", (x) => op.transpose(x, [2, 0, 1]), [3, 4, 5]),
  unary("Concat", (x) => op.concat([x, op.neg(x)], { axis: 1 })),
  unary("Pad", (x) => op.pad(x, [1, 2, 0, 1]), [3, 4]),
  unary("Slice", (x) => op.slice(x, { starts: [0], ends: [9], axes: [0], steps: [2] }), [9, 2]),
  unary(
    "Slice backwards",
    (x) => op.slice(x, { starts: [1], ends: [8], axes: [0], steps: [-3] }),
    [9, 2],
  ),
  unary("Gather", (x) => op.gather(x, rows), [4, 3]),
  unary("GatherElements", (x) => op.gatherElements(x, places, { axis: 0 }), [4, 3]),
  {
    ...unary("bytes", bytes, [2, 3]),
    values: { x: [0, 1, 127, 128, 200, 255] },
  },
];

const LOST = [NaN, -1, 2];

/** What must stay no number, so that a loss that is lost is seen. */
export const LOSSES: readonly OperatorTrial[] = [
  ofNumbers("Relu of NaN", (x) => op.relu(x), LOST),
  ofNumbers("Clip of NaN", (x) => op.clip(x, { min: 0, max: 1 }), LOST),
  ofNumbers("sum of NaN", (x) => op.reduceSum(op.mul(x, x)), LOST),
];
