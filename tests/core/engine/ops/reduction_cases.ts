/**
 * Reductions, and normalisations by them.
 *
 * @module
 */
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import type { Drawn, GradientCase } from "./gradient_case.ts";

interface Axes {
  readonly axis?: number;
  readonly axes?: readonly number[];
  readonly keepDims?: boolean;
}

/** The last axis, one in the middle, the first ones (which are summed by a product), scattered ones, and all. */
const REDUCTIONS: readonly (readonly [Shape, Axes])[] = [
  [[3, 5], { axis: -1 }],
  [[2, 3, 5], { axis: 1, keepDims: true }],
  [[3, 5, 2], { axes: [0] }],
  [[3, 2, 5], { axes: [1, 0], keepDims: true }],
  [[2, 3, 1, 5], { axes: [0, 2, 3] }],
  [[3, 1, 4], { axes: [1] }],
  [[7, 3], {}],
];

function reduction(
  name: string,
  build: (x: Value, axes: Axes) => Value,
  spread: (shape: Shape) => Drawn = (shape) => shape,
): GradientCase {
  return {
    name,
    variants: REDUCTIONS.map(([shape, axes]) => ({
      inputs: { x: spread(shape) },
      build: ({ x }) => build(x!, axes),
    })),
  };
}

/** Softmaxes and norms along one axis. */
function alongAxis(name: string, build: (x: Value, axis: number) => Value): GradientCase {
  const shapes: readonly (readonly [Shape, number])[] = [[[3, 5], -1], [[2, 7, 3], 1], [[5, 2], 0]];
  return {
    name,
    variants: shapes.map(([shape, axis]) => ({
      inputs: { x: shape },
      build: ({ x }) => build(x!, axis),
    })),
  };
}

const apart = (shape: Shape): Drawn => ({ shape, apart: 0.1 });

/** One row per operator. */
export const REDUCING: readonly GradientCase[] = [
  reduction("reduceSum", op.reduceSum),
  reduction("reduceMean", op.reduceMean),
  reduction("reduceMax", op.reduceMax, apart),
  reduction("reduceMin", op.reduceMin, apart),
  reduction("reduceL2", op.reduceL2),
  reduction("logSumExp", op.logSumExp),
  alongAxis("softmax", (x, axis) => op.softmax(x, { axis })),
  alongAxis("logSoftmax", (x, axis) => op.logSoftmax(x, { axis })),
  alongAxis("l2Normalize", (x, axis) => op.l2Normalize(x, { axis })),
  alongAxis("l2Normalize below epsilon", (x, axis) => op.l2Normalize(x, { axis, epsilon: 2 })),
  {
    name: "layerNormalization",
    variants: [
      {
        inputs: { x: [3, 7], scale: [7], bias: [7] },
        build: ({ x, scale, bias }) => op.layerNormalization(x!, { scale: scale!, bias: bias! }),
      },
      {
        inputs: { x: [2, 3, 5], scale: [3, 5] },
        build: ({ x, scale }) => op.layerNormalization(x!, { scale: scale!, axis: 1 }),
      },
      {
        inputs: { x: [2, 3, 4], bias: [4] },
        build: ({ x, bias }) => op.layerNormalization(x!, { bias: bias!, epsilon: 0.1 }),
      },
      { inputs: { x: [5, 4] }, build: ({ x }) => op.layerNormalization(x!) },
    ],
  },
  {
    name: "groupNormalization",
    variants: [
      {
        inputs: { x: [2, 6, 3, 2], scale: [6], bias: [6] },
        build: ({ x, scale, bias }) =>
          op.groupNormalization(x!, { groups: 3, scale: scale!, bias: bias! }),
      },
      {
        inputs: { x: [3, 4, 5], scale: [4] },
        build: ({ x, scale }) => op.groupNormalization(x!, { groups: 1, scale: scale! }),
      },
      {
        inputs: { x: [2, 4, 3], bias: [4] },
        build: ({ x, bias }) => op.groupNormalization(x!, { groups: 4, bias: bias!, epsilon: 0.1 }),
      },
      { inputs: { x: [2, 4, 3] }, build: ({ x }) => op.groupNormalization(x!, { groups: 2 }) },
      {
        inputs: { x: [2, 4, 3, 2], scale: [2, 4], bias: [2, 4] },
        build: ({ x, scale, bias }) =>
          op.groupNormalization(x!, { groups: 2, scale: scale!, bias: bias! }),
      },
      {
        inputs: { x: [3, 4], scale: [4], bias: [3, 4] },
        build: ({ x, scale, bias }) =>
          op.groupNormalization(x!, { groups: 2, scale: scale!, bias: bias! }),
      },
    ],
  },
];
