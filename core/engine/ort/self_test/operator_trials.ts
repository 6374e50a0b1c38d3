/**
 * Small graphs, one for each operator or family of operators that networks and their training are made of, on which a
 * device is compared with the CPU. Those that a provider is known to have got wrong are among them.
 *
 * @module
 */
import type { Shape } from "../../graph/shape.ts";
import { currentTarget } from "../../graph/target.ts";
import { int64 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import * as op from "../../ops/mod.ts";
import { directConv } from "../../ops/conv.ts";

/** A small graph: what it is called, what it reads, and what it makes. */
export interface OperatorTrial {
  /** What is wrong where the device's result is. */
  readonly name: string;
  /** Shapes of its float32 inputs. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Given numbers of inputs; others are drawn from [-2, 2]. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
  /** Builds the result, and what it is differentiated by, if it is. */
  readonly build: (inputs: Readonly<Record<string, Value>>) => Value;
  /** Whether the gradients by all inputs are compared, too (default no). */
  readonly gradients?: boolean;
}

type Build = OperatorTrial["build"];

const gradients = true;

function unary(name: string, build: (x: Value) => Value, shape: Shape = [3, 5]): OperatorTrial {
  return { name, inputs: { x: shape }, build: ({ x }) => build(x!) };
}

function conv(
  name: string,
  [x, w]: readonly [Shape, Shape],
  options: Omit<op.ConvOptions, "bias">,
): OperatorTrial {
  const build: Build = (given) => op.conv(given.x!, given.w!, { ...options, bias: given.b! });
  return { name, inputs: { x, w, b: [w[0]!] }, build, gradients };
}

/** A convolution by ONNX's operator, whatever is chosen for its shape. */
function direct(name: string, [x, w]: readonly [Shape, Shape], pads: Shape): OperatorTrial {
  const attributes = { strides: [1, 1], pads, dilations: [1, 1], group: 1 };
  const build: Build = (given) => directConv(given.x!, given.w!, attributes, given.b);
  return { name, inputs: { x, w, b: [w[0]!] }, build };
}

function transposed(
  name: string,
  [x, w]: readonly [Shape, Shape],
  options: op.ConvTransposeOptions,
): OperatorTrial {
  const build: Build = (given) => op.convTranspose(given.x!, given.w!, options);
  return { name, inputs: { x, w }, build };
}

function product(name: string, a: Shape, b: Shape, options: op.MatMulOptions = {}): OperatorTrial {
  const build: Build = (given) => op.matMul(given.a!, given.b!, options);
  return { name, inputs: { a, b }, build, gradients };
}

const CONVOLUTIONS: readonly OperatorTrial[] = [
  conv("Conv", [[2, 3, 8, 8], [4, 3, 3, 3]], { pads: 1 }),
  conv("Conv with strides", [[2, 4, 8, 8], [4, 4, 3, 3]], { pads: 1, strides: 2 }),
  conv("Conv in groups", [[2, 4, 6, 6], [6, 2, 3, 3]], { pads: 1, group: 2 }),
  conv("depthwise Conv", [[2, 4, 6, 6], [4, 1, 3, 3]], { pads: 1, group: 4 }),
  conv("Conv of patches", [[2, 3, 8, 8], [5, 3, 4, 4]], { strides: 4 }),
  direct("Conv padded at the ends alone", [[2, 3, 4, 4], [4, 3, 4, 4]], [0, 0, 1, 1]),
  direct("pointwise Conv with bias", [[2, 7, 5, 3], [6, 7, 1, 1]], [0, 0, 0, 0]),
  transposed("ConvTranspose", [[2, 4, 4, 4], [4, 3, 3, 3]], {
    strides: 2,
    pads: 1,
    outputPadding: 1,
  }),
  transposed("ConvTranspose in groups of one output", [[2, 6, 4, 4], [6, 1, 3, 3]], { group: 3 }),
];

const NORMALIZED: Shape = [4, 6, 3, 3];

/** Of float16 where graphs for it are written in other kernels, of float32 elsewhere: not every device has float16. */
function batchNormOfHalf(x: Value): Value {
  const dtype = currentTarget().provider === "cuda" ? "float16" : "float32";
  return op.cast(op.batchNormalization(op.cast(x, dtype)).y, "float32");
}

const NETWORKS: readonly OperatorTrial[] = [
  product("MatMul", [5, 7], [7, 3]),
  product("MatMul of transposed operands", [7, 5], [3, 7], { transposeA: true, transposeB: true }),
  product("MatMul in batches", [2, 3, 5, 7], [2, 3, 7, 4], { alpha: 0.5 }),
  { ...unary("Softmax", (x) => op.softmax(x, { axis: 1 }), [4, 7]), gradients },
  { ...unary("LogSoftmax", (x) => op.logSoftmax(x, { axis: 1 }), [4, 7]), gradients },
  { ...unary("LayerNormalization", (x) => op.layerNormalization(x, {}), [4, 6]), gradients },
  {
    ...unary("batch normalisation", (x) => op.batchNormalization(x, {}).y, NORMALIZED),
    gradients,
  },
  { ...unary("batch normalisation of float16", batchNormOfHalf, [4, 6, 4, 4]), gradients },
  { ...unary("Gelu", (x) => op.gelu(x)), gradients },
  { ...unary("Relu", (x) => op.relu(x)), gradients },
  {
    ...unary("MaxPool", (x) => op.maxPool(x, { kernel: 3, strides: 2, pads: 1 }), [2, 3, 8, 8]),
    gradients,
  },
  unary("GlobalAveragePool", (x) => op.globalAveragePool(x), NORMALIZED),
];

const rows = constant(int64([3], [2, 0, 2]));

const OTHERS: readonly OperatorTrial[] = [
  ...["reduceSum", "reduceMean", "reduceMax", "reduceL2"].map((name) =>
    unary(
      name.replace("reduce", "Reduce"),
      (x) => op[name as "reduceSum"](x, { axes: [0, 2, 3] }),
      NORMALIZED,
    )
  ),
  unary("Sqrt and Div", (x) => op.div(x, op.sqrt(op.add(op.mul(x, x), 0.1)))),
  unary("Exp and Log", (x) => op.log(op.add(op.exp(x), 1))),
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
];

const LOST = { x: [NaN, -1, 2] };

/** What must stay no number, so that a loss that is lost is seen. */
const LOSSES: readonly OperatorTrial[] = [
  { ...unary("Relu of NaN", (x) => op.relu(x), [3]), values: LOST },
  { ...unary("Clip of NaN", (x) => op.clip(x, { min: 0, max: 1 }), [3]), values: LOST },
  { ...unary("sum of NaN", (x) => op.reduceSum(op.mul(x, x)), [3]), values: LOST },
];

/** All trials. */
export const OPERATOR_TRIALS: readonly OperatorTrial[] = [
  ...CONVOLUTIONS,
  ...NETWORKS,
  ...OTHERS,
  ...LOSSES,
];
