/**
 * Operators that slide windows over images, and normalisations of images by given statistics.
 *
 * @module
 */
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { type GradientCase, row } from "./gradient_case.ts";

const SINGLE = ["float32"] as const;

const MAX_POOLS: readonly (readonly [Shape, op.MaxPoolOptions])[] = [
  [[2, 3, 7, 5], { kernel: 3, strides: 2, pads: 1 }],
  [[1, 2, 9, 8], { kernel: [3, 2], strides: [2, 3], dilations: [2, 1] }],
  [[2, 3, 11], { kernel: 4, strides: 3, pads: [2, 1] }],
  [[1, 2, 8, 7], { kernel: [3, 2], strides: [3, 2], pads: [1, 0, 0, 1], ceil: true }],
  // The last window of the second axis begins after the input, that of the first reaches over the end by more than the
  // kernel.
  [[2, 2, 7, 5], {
    kernel: 2,
    strides: [6, 2],
    pads: [0, 1, 0, 1],
    dilations: [5, 1],
    ceil: true,
  }],
];

const AVERAGE_POOLS: readonly (readonly [Shape, op.AveragePoolOptions])[] = [
  [[2, 3, 7, 5], { kernel: 3, strides: 2, pads: 1 }],
  [[1, 2, 9, 8], { kernel: [3, 2], strides: [2, 3], pads: 1, countIncludePad: false }],
  [[2, 3, 11], { kernel: 4, strides: 3, pads: [1, 2] }],
  [[2, 2, 7, 8], { kernel: [2, 3] }],
  [[1, 1, 7, 5], { kernel: 2, strides: 3, pads: [1, 0, 0, 1] }],
  [[2, 1, 8, 9], { kernel: [4, 3], strides: [3, 2], pads: 1, ceil: true }],
];

const TRANSPOSED: readonly (readonly [x: Shape, w: Shape, op.ConvTransposeOptions])[] = [
  [[2, 4, 5, 3], [4, 3, 3, 3], { strides: 2, pads: 1, outputPadding: 1 }],
  [[1, 4, 5, 7], [4, 2, 3, 2], {
    strides: [3, 2],
    pads: [1, 0, 0, 1],
    dilations: [1, 2],
    group: 2,
    outputPadding: [2, 1],
  }],
  [[2, 3, 7], [3, 2, 4], { strides: 3, dilations: 2, pads: [1, 2] }],
  [[1, 5, 4, 3], [5, 1, 3, 3], { group: 5, pads: 1 }],
  // What is read of w is cut off again, but for what the output padding adds.
  [[1, 2, 1, 3], [2, 3, 1, 2], { strides: [3, 1], pads: [1, 0, 0, 0], outputPadding: [2, 0] }],
];

/** Images, and their channels. */
const NORMALISED: readonly (readonly [Shape, number])[] = [
  [[4, 3, 5], 3],
  [[2, 5], 5],
  [[3, 2, 7, 3], 2],
];

/** One row per operator; ONNX Runtime has averages and transposed convolutions in float32 alone. */
export const WINDOWS: readonly GradientCase[] = [
  {
    name: "maxPool",
    variants: MAX_POOLS.map(([shape, options]) => ({
      inputs: { x: { shape, apart: 0.1 } },
      build: ({ x }) => op.maxPool(x!, options),
    })),
  },
  {
    name: "averagePool",
    dtypes: SINGLE,
    variants: AVERAGE_POOLS.map(([x, options]) => ({
      inputs: { x },
      build: (inputs) => op.averagePool(inputs.x!, options),
    })),
  },
  row(
    "globalAveragePool",
    ({ x }) => op.globalAveragePool(x!),
    [{ x: [2, 3, 7, 5] }, { x: [1, 2, 9] }, { x: [3, 1, 1, 1] }],
    SINGLE,
  ),
  {
    name: "convTranspose",
    dtypes: SINGLE,
    variants: TRANSPOSED.map(([x, w, options]) => ({
      inputs: { x, w, bias: [w[1]! * (options.group ?? 1)] },
      build: (inputs) => op.convTranspose(inputs.x!, inputs.w!, { ...options, bias: inputs.bias! }),
    })),
  },
  {
    name: "batchNormalizationInference",
    variants: NORMALISED.map(([x, channels]) => ({
      inputs: {
        x,
        scale: [channels],
        bias: [channels],
        mean: [channels],
        variance: { shape: [channels], within: [0.3, 2.5] },
      },
      build: (inputs) =>
        op.batchNormalizationInference(inputs.x!, {
          scale: inputs.scale!,
          bias: inputs.bias!,
          mean: inputs.mean!,
          variance: inputs.variance!,
        }),
    })),
  },
];
