/**
 * The cases of fixtures/golden/op_gradients.safetensors, built here.
 *
 * @module
 */
import type { Build } from "../../../../core/engine/autodiff/check_gradients.ts";
import * as op from "../../../../core/engine/ops/mod.ts";

const size = { up: [7, 12], down: [3, 4] } as const;

function resized(
  mode: op.Interpolation,
  size: readonly [number, number],
  antialias = false,
): Build {
  return ({ x }) => op.resize(x!, { size, mode, antialias });
}

const ELEMENTWISE: Readonly<Record<string, Build>> = {
  add: ({ a, b }) => op.add(a!, b!),
  sub: ({ a, b }) => op.sub(a!, b!),
  mul: ({ a, b }) => op.mul(a!, b!),
  div: ({ a, b }) => op.div(a!, b!),
  pow: ({ a, b }) => op.pow(a!, b!),
  pow_at_zero: ({ a, b }) => op.pow(a!, b!),
  pow_0: ({ x }) => op.pow(x!, 0),
  pow_3: ({ x }) => op.pow(x!, 3),
  maximum: ({ a, b }) => op.maximum(a!, b!),
  minimum: ({ a, b }) => op.minimum(a!, b!),
  where: ({ c, a, b }) => op.where(op.greater(c!, 0), a!, b!),
  neg: ({ x }) => op.neg(x!),
  abs: ({ x }) => op.abs(x!),
  sqrt: ({ x }) => op.sqrt(x!),
  reciprocal: ({ x }) => op.reciprocal(x!),
  exp: ({ x }) => op.exp(x!),
  log: ({ x }) => op.log(x!),
  erf: ({ x }) => op.erf(x!),
  tanh: ({ x }) => op.tanh(x!),
  sigmoid: ({ x }) => op.sigmoid(x!),
  relu: ({ x }) => op.relu(x!),
  leaky_relu: ({ x }) => op.leakyRelu(x!, 0.2),
  softplus: ({ x }) => op.softplus(x!),
  silu: ({ x }) => op.silu(x!),
  quick_gelu: ({ x }) => op.quickGelu(x!),
  gelu: ({ x }) => op.gelu(x!),
  gelu_tanh: ({ x }) => op.gelu(x!, { approximate: "tanh" }),
  sin: ({ x }) => op.sin(x!),
  cos: ({ x }) => op.cos(x!),
  clip: ({ x }) => op.clip(x!, { min: -0.5, max: 0.75 }),
  dropout: ({ x, u }) => op.dropout(x!, u!, 0.25),
};

const REDUCTIONS: Readonly<Record<string, Build>> = {
  reduce_sum: ({ x }) => op.reduceSum(x!, { axes: [0, 2] }),
  reduce_sum_leading: ({ x }) => op.reduceSum(x!, { axes: [0, 1] }),
  reduce_mean: ({ x }) => op.reduceMean(x!, { axes: [0, 2] }),
  reduce_mean_leading: ({ x }) => op.reduceMean(x!, { axes: [0, 1] }),
  reduce_max: ({ x }) => op.reduceMax(x!, { axes: [0, 2] }),
  reduce_min: ({ x }) => op.reduceMin(x!, { axes: [1], keepDims: true }),
  reduce_l2: ({ x }) => op.reduceL2(x!, { axes: [1] }),
  log_sum_exp: ({ x }) => op.logSumExp(x!, { axes: [1] }),
  softmax: ({ x }) => op.softmax(x!, { axis: 1 }),
  log_softmax: ({ x }) => op.logSoftmax(x!),
  l2_normalize: ({ x }) => op.l2Normalize(x!, { axis: 1 }),
  l2_normalize_below_epsilon: ({ x }) => op.l2Normalize(x!, { axis: 1, epsilon: 0.5 }),
  global_average_pool: ({ x }) => op.globalAveragePool(x!),
  layer_normalization: ({ x, scale, bias }) =>
    op.layerNormalization(x!, { scale: scale!, bias: bias!, epsilon: 1e-6 }),
  group_normalization: ({ x, scale, bias }) =>
    op.groupNormalization(x!, { groups: 3, scale: scale!, bias: bias! }),
};

const MATRICES: Readonly<Record<string, Build>> = {
  mat_mul: ({ a, b }) => op.matMul(a!, b!),
  mat_mul_rows: ({ a, b }) => op.matMul(a!, b!),
  mat_mul_stretched: ({ a, b }) => op.matMul(a!, b!),
  mat_mul_transposed: ({ a, b }) =>
    op.matMul(a!, b!, { transposeA: true, transposeB: true, alpha: 0.3 }),
  gemm: ({ a, b, c }) =>
    op.gemm(a!, b!, { c: c!, transposeA: true, transposeB: true, alpha: 2, beta: 0.5 }),
  scaled_dot_product_attention: ({ q, k, v }) => op.scaledDotProductAttention(q!, k!, v!),
  scaled_dot_product_attention_masked: ({ q, k, v, mask }) =>
    op.scaledDotProductAttention(q!, k!, v!, { mask: mask!, scale: 0.7 }),
  multi_head_attention: ({ q, k, v }) => op.multiHeadAttention(q!, k!, v!, { heads: 3 }),
};

const SHAPES: Readonly<Record<string, Build>> = {
  reshape_and_split: ({ x }) => {
    const [first, second] = op.split(op.reshape(x!, [6, 10]), [3, 7], { axis: 1 });
    const twice = op.concat([first!, first!], { axis: 1 });
    return op.mul(twice, op.slice(second!, { starts: [1], ends: [7], axes: [1] }));
  },
  squeeze_unsqueeze_and_flatten: ({ x }) =>
    op.flatten(op.mul(op.unsqueeze(op.squeeze(x!, [1]), [2]), x!)),
  cast_and_identity: ({ x }) => {
    const square = op.cast(op.mul(op.identity(x!), x!), "float32");
    return op.mul(op.cast(square, x!.dtype), x!);
  },
  transpose: ({ x }) => op.transpose(x!, [2, 0, 1]),
  expand: ({ x }) => op.expand(x!, [2, 3, 5]),
  concat: ({ a, b }) => op.concat([a!, b!, a!], { axis: 1 }),
  slice: ({ x }) => op.slice(x!, { starts: [1, 1], ends: [5, 7], axes: [0, 1], steps: [2, 3] }),
  slice_backwards: ({ x }) => op.slice(x!, { starts: [1], ends: [8], axes: [0], steps: [-3] }),
  pad: ({ x }) => op.pad(x!, [0, 1, 3, 0], { value: 2 }),
  pad_reflect: ({ x }) => op.pad(x!, [0, 0, 1, 3, 0, 0, 2, 2], { mode: "reflect" }),
  pad_edge: ({ x }) => op.pad(x!, [0, 0, 1, 3, 0, 0, 5, 0], { mode: "edge" }),
  gather: ({ x, i }) => op.gather(x!, i!, { axis: 1 }),
  gather_unique: ({ x, i }) => op.gather(x!, i!, { axis: 1, unique: true }),
  gather_elements: ({ x, i }) => op.gatherElements(x!, i!, { axis: 0 }),
  scatter_elements: ({ x, i, u }) => op.scatterElements(x!, i!, u!, { axis: 0 }),
  scatter_elements_add: ({ x, i, u }) =>
    op.scatterElements(x!, i!, u!, { axis: 1, reduction: "add" }),
  scatter_rows: ({ x, i, u }) => op.scatterRows(x!, i!, u!),
  resize_nearest: resized("nearest", [6, 15]),
  resize_nearest_down: resized("nearest", [2, 5]),
  resize_nearest_up: resized("nearest", [16, 11]),
  resize_nearest_repeated: resized("nearest", [3, 82]),
  resize_linear: resized("linear", size.up),
  resize_linear_down: resized("linear", size.down),
  resize_cubic: resized("cubic", size.up),
  resize_cubic_down: resized("cubic", size.down),
  resize_linear_antialias: resized("linear", size.down, true),
  resize_cubic_antialias: resized("cubic", size.down, true),
  resize_cubic_antialias_up: resized("cubic", size.up, true),
};

/** One row per case. */
export const CASES: Readonly<Record<string, Build>> = {
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...MATRICES,
  ...SHAPES,
};

/** Cases whose operator ONNX Runtime does not have in float64. */
export const NOT_IN_DOUBLE: ReadonlySet<string> = new Set([
  "erf",
  "leaky_relu",
  "gelu",
  "gelu_tanh",
  "global_average_pool",
  "multi_head_attention",
]);
