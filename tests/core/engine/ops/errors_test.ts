import { assertEquals, assertThrows } from "@std/assert";
import { withinLayer } from "../../../../core/engine/graph/layer_path.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";

const x = input("x", "float32", [2, 3]);
const y = input("y", "float32", [4]);
const whole = input("whole", "int64", [2]);
const image = input("image", "float32", [1, 6, 4, 4]);
const single = input("single", "float32", [4, 1, 3, 3]);
const integers = input("integers", "int64", [1, 1, 3, 3]);
const bytes = input("bytes", "uint8", [2]);
const truth = input("truth", "bool", [2]);

const X = "to (x: float32[2,3])";

/** What does not fit, and what is said about it. */
const CASES: readonly (readonly [() => unknown, string])[] = [
  [() => op.exp(whole), "Cannot apply Exp to (x: int64[2]): x must be a float, found int64[2]"],
  [() => op.less(x, y), "Cannot apply Less to (a: float32[2,3], b: float32[4]): axis 1 must match"],
  [() => op.and(x, x), "Cannot apply And to (a: float32[2,3], b: float32[2,3]): a must be bool"],
  [() => op.not(x), `Cannot apply Not ${X}: x must be bool, found float32[2,3]`],
  [
    () => op.mul(x, "2" as never),
    `Cannot apply Mul ${X.replace("x:", "a:")}: a and b must be values or`,
  ],
  [() => op.div(x, undefined as never), "a and b must be values or numbers, found undefined"],
  [
    () => op.exp([x] as never),
    'Cannot apply Exp: input "x" must be a value of the graph, found an array',
  ],
  [
    () => op.not(true as never),
    'Cannot apply Not: input "x" must be a value of the graph, found true',
  ],
  [() => op.where(x, x, x), "condition must be bool, found float32[2,3]"],
  [() => op.clip(x, { min: 2, max: 1 }), `Cannot apply Clip ${X}: min must be at most max`],
  [() => op.leakyRelu(x, 2), `Cannot apply LeakyRelu ${X}: the slope must be in [0, 1], found 2`],
  [() => op.reduceSum(x, { axes: [2] }), `Cannot apply ReduceSum ${X}: axis must be an integer in`],
  [
    () => op.reduceSum(x, { axis: 0, axes: [1] }),
    `Cannot apply ReduceSum ${X}: either axis or axes can be given, found both`,
  ],
  [() => op.reduceMean(x, { axes: [-3] }), `Cannot apply ReduceMean ${X}: axis must be`],
  [() => op.logSumExp(x, { axes: [0.5] }), `Cannot apply LogSumExp ${X}: axis must be`],
  [() => op.softmax(x, { axis: 2 }), `Cannot apply Softmax ${X}: axis must be`],
  [() => op.argMax(x, { axis: 2 }), `Cannot apply ArgMax ${X}: axis must be`],
  [() => op.topK(x, 4), `Cannot apply TopK ${X}: k must be an integer in [1, 3], found 4`],
  [() => op.l2Normalize(x, { axis: 9 }), `Cannot apply L2Normalize ${X}: axis must be`],
  [() => op.layerNormalization(x, { scale: y }), "scale must be [3], found [4]"],
  [() => op.groupNormalization(image, { groups: 4 }), "groups must divide the 6 channels, found 4"],
  [
    () => op.groupNormalization(image, { groups: 2, bias: y }),
    "bias must be float32[6], found float32[4]",
  ],
  [
    () => op.batchNormalization(image, { scale: y }),
    "Cannot apply BatchNormalization to (x: float32[1,6,4,4], scale: float32[4]): scale must be float32[6]",
  ],
  [
    () => op.batchNormalization(single, { bias: y }),
    "Cannot apply BatchNormalization to (x: float32[4,1,3,3], bias: float32[4]): bias must be float32[1]",
  ],
  [() => op.batchNormalization(image, { bias: whole }), "bias must be float32[6], found int64[2]"],
  [() => op.batchNormalization(whole), "x must be a float, found int64[2]"],
  [
    () => op.batchNormalizationInference(single, { mean: y, variance: y }),
    "Cannot apply BatchNormalizationInference to (x: float32[4,1,3,3], mean: float32[4], variance: " +
    "float32[4]): mean must be float32[1], found float32[4]",
  ],
  [
    () => op.batchNormalizationInference(y, { mean: y, variance: y }),
    "Cannot apply BatchNormalizationInference to (x: float32[4], mean: float32[4], variance: " +
    "float32[4]): x must have at least 2 axes, found 1",
  ],
  [
    () => op.add(truth, truth),
    "Cannot apply Add to (a: bool[2], b: bool[2]): a and b must be numbers, found bool",
  ],
  ...Object.entries({
    Sub: op.sub,
    Mul: op.mul,
    Div: op.div,
    Pow: op.pow,
    Max: op.maximum,
    Min: op.minimum,
    Less: op.less,
    LessOrEqual: op.lessOrEqual,
    Greater: op.greater,
    GreaterOrEqual: op.greaterOrEqual,
  }).map(([type, apply]) =>
    [
      () => apply(truth, truth),
      `Cannot apply ${type} to (a: bool[2], b: bool[2]): a and b`,
    ] as const
  ),
  [
    () => op.less(whole, 2.5),
    "Cannot apply Less to (a: int64[2]): int64 holds integers from -9223372036854775808 to " +
    "9223372036854775807, found 2.5",
  ],
  [() => op.mul(0.5, whole), "Cannot apply Mul to (b: int64[2]): int64 holds integers"],
  [
    () => op.add(bytes, -1),
    "Cannot apply Add to (a: uint8[2]): uint8 holds integers from 0 to 255",
  ],
  [() => op.where(truth, bytes, 256), "Cannot apply Where to (a: uint8[2]): uint8 holds"],
  [() => op.clip(whole, { max: 5.5 }), "Cannot apply Clip to (x: int64[2]): int64 holds integers"],
  [() => op.pad(bytes, [1, 0], { value: -1 }), "Cannot apply Pad to (x: uint8[2]): uint8 holds"],
  [
    () => op.resize(integers, { size: [2, 2] }),
    "Cannot apply Resize to (x: int64[1,1,3,3]): x must",
  ],
  [() => op.where(truth, truth, truth), "b: bool[2]): a and b must be numbers, found bool"],
  [
    () => op.reduceSum(truth),
    "Cannot apply ReduceSum to (x: bool[2]): x must hold numbers, found bool[2]",
  ],
  [
    () => op.conv(integers, integers),
    "Cannot apply Conv to (x: int64[1,1,3,3], w: int64[1,1,3,3]): x must be a float",
  ],
  [
    () => op.convTranspose(integers, integers),
    "Cannot apply ConvTranspose to (x: int64[1,1,3,3], w: int64[1,1,3,3]): x must be a float",
  ],
  [
    () => op.averagePool(integers, { kernel: 2 }),
    "Cannot apply AveragePool to (x: int64[1,1,3,3])",
  ],
  [() => op.globalAveragePool(integers), "Cannot apply GlobalAveragePool to (x: int64[1,1,3,3])"],
  [() => op.maxPool(integers, { kernel: 2 }), "x must be a float, int8 or uint8, found int64"],
  [() => op.matMul(x, x), "Cannot apply MatMul to (a: float32[2,3], b: float32[2,3]): the axes"],
  [() => op.matMul(x, y), "a and b must have at least 2 axes"],
  [() => op.gemm(x, image), "a and b must have 2 axes"],
  [
    () => op.matMul(op.reshape(truth, [1, 2]), op.reshape(truth, [2, 1])),
    "a and b must be numbers, found bool",
  ],
  [() => op.gemm(x, x, { transposeB: true, c: image }), "axis 2 must match or be 1"],
  [
    () => op.gemm(x, x, { transposeB: true, c: op.reshape(y, [1, 2, 2]) }),
    "c must stretch to [2,2], found [1,2,2]",
  ],
  [() => op.reshape(x, [4, 2]), `Cannot apply Reshape ${X}: lengths must have the product 6`],
  [() => op.reshape(x, [-1, 4]), "lengths must have the product 6, found [1.5,4]"],
  [() => op.expand(x, [2, 6]), `Cannot apply Expand ${X}: axis 1 must match or be 1`],
  [() => op.expand(y, [1]), "[4] cannot be stretched to [1]"],
  [() => op.transpose(x, [0, 0]), `Cannot apply Transpose ${X}: perm must order the 2 axes`],
  [() => op.squeeze(x, [0]), `Cannot apply Squeeze ${X}: axis 0 must have length 1, found 2`],
  [() => op.unsqueeze(x, [1, 1]), `Cannot apply Unsqueeze ${X}: axes must differ, found [1,1]`],
  [() => op.flatten(x, 3), `Cannot apply Flatten ${X}: axis must be an integer in [0, 2], found 3`],
  [
    () => op.concat([x, y], { axis: 0 }),
    "Cannot apply Concat to (x0: float32[2,3], x1: float32[4])",
  ],
  [() => op.concat([], { axis: 0 }), "Cannot apply Concat: at least one part is needed"],
  [
    () => op.split(x, [1, 1], { axis: 1 }),
    `Cannot apply Split ${X}: lengths along axis 1 must add`,
  ],
  [
    () => op.slice(x, { starts: [1], ends: [4], axes: [1] }),
    `Cannot apply Slice ${X}: a slice of axis 1 must lie in [0, 3] with a step other than 0, found`,
  ],
  [() => op.pad(x, [1, 1]), `Cannot apply Pad ${X}: pads must be 4 integers of at least 0`],
  [() => op.pad(x, [0, 3, 0, 0], { mode: "reflect" }), "must be shorter than the axis"],
  [() => op.gather(x, x), "indices must be int64 or int32, found float32[2,3]"],
  [() => op.gatherElements(x, whole, { axis: 0 }), "indices must fit into [2,3] but for axis 0"],
  [
    () => op.scatterElements(y, whole, y, { axis: 0 }),
    "updates must be float32[2], found float32[4]",
  ],
  [() => op.scatterRows(x, whole, y), "rows must be float32[2,3], found float32[4]"],
  [() => op.resize(x, { size: [2, 2] }), `Cannot apply Resize ${X}: x must have 4 axes`],
  [() => op.resize(image, { size: [2, 0] }), "size must be positive integers, found [2,0]"],
  [() => op.dropout(x, x, 1), "rate must be in [0, 1), found 1"],
  [() => op.dropout(y, image, 0.5), "the random numbers must stretch to x"],
];

for (const [build, message] of CASES) {
  Deno.test(`an operator says what does not fit: ${message}`, () => {
    assertThrows(build, Error, message);
  });
}

Deno.test("errors of builders name the layer, too", () => {
  assertThrows(
    () => withinLayer("encoder.pool", () => op.squeeze(x, [1])),
    RangeError,
    'Cannot apply Squeeze to (x: float32[2,3]) in layer "encoder.pool": axis 1 must have length 1',
  );
});

Deno.test("numbers take the type of the other operand", () => {
  const double = input("double", "float64", [2]);
  const given: readonly Value[] = [op.add(double, 1), op.sub(1, double), op.maximum(whole, 0)];
  assertEquals(given.map(({ dtype }) => dtype), ["float64", "float64", "int64"]);
});
