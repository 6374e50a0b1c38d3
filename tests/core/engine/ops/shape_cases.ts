/**
 * Operators that move elements.
 *
 * @module
 */
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import type { GradientCase } from "./gradient_case.ts";

/** A row whose functions take one tensor. */
function of(
  name: string,
  variants: readonly (readonly [Shape, (x: Value) => Value])[],
  dtypes?: GradientCase["dtypes"],
): GradientCase {
  return {
    name,
    variants: variants.map(([x, build]) => ({
      inputs: { x },
      build: (inputs) => build(inputs.x!),
    })),
    ...(dtypes && { dtypes }),
  };
}

type Resized = readonly [Shape, readonly [number, number]];

const RESIZED: readonly Resized[] = [
  [[2, 1, 3, 5], [6, 10]],
  [[1, 2, 5, 7], [3, 4]],
  [[1, 1, 4, 3], [4, 7]],
];

/** Sizes at which a scale or its product is rounded across a whole number. */
const ROUNDED: readonly Resized[] = [
  [[1, 2, 14, 3], [2, 7]],
  [[2, 1, 3, 14], [5, 16]],
  [[1, 1, 2, 15], [82, 1]],
];

function resized(
  mode: op.Interpolation,
  antialias = false,
  cases: readonly Resized[] = RESIZED,
): GradientCase["variants"] {
  return cases.map(([x, size]) => ({
    inputs: { x },
    build: (inputs) => op.resize(inputs.x!, { size, mode, antialias }),
  }));
}

const UPDATES = { x: [4, 3], indices: { shape: [2, 3], integers: [0, 2, 3, 1, 0, 1] } } as const;

/** One row per operator. */
export const SHAPING: readonly GradientCase[] = [
  of("reshape", [
    [[3, 4], (x) => op.reshape(x, [2, 6])],
    [[2, 3, 5], (x) => op.reshape(x, [-1, 3])],
    [[6], (x) => op.reshape(x, [3, 2])],
  ]),
  of("transpose", [
    [[3, 5], (x) => op.transpose(x, [1, 0])],
    [[2, 3, 5], (x) => op.transpose(x, [2, 0, 1])],
    [[2, 3, 1, 5], (x) => op.transpose(x, [0, 3, 1, 2])],
  ]),
  of("expand", [
    [[3, 1], (x) => op.expand(x, [2, 3, 5])],
    [[], (x) => op.expand(x, [4])],
    [[1, 3, 1], (x) => op.expand(x, [2, 3, 1])],
  ]),
  of("squeeze, unsqueeze and flatten", [
    [[3, 1, 5, 1], (x) => op.squeeze(x)],
    [[3, 1, 5, 1], (x) => op.squeeze(x, [-1])],
    [[3, 5], (x) => op.unsqueeze(x, [0, -1])],
    [[2, 3, 5], (x) => op.flatten(x)],
  ]),
  of("slice", [
    [[7], (x) => op.slice(x, { starts: [2], ends: [5], axes: [0] })],
    [[5, 7], (x) => op.slice(x, { starts: [1, -6], ends: [5, 7], axes: [0, -1], steps: [2, 3] })],
    [[3, 8], (x) => op.slice(x, { starts: [0], ends: [-1], axes: [1], steps: [4] })],
    [[2, 6], (x) => op.slice(x, { starts: [0], ends: [6], axes: [1], steps: [-1] })],
    [[9, 2], (x) => op.slice(x, { starts: [1], ends: [8], axes: [0], steps: [-3] })],
  ]),
  of("pad", [
    [[3], (x) => op.pad(x, [1, 2])],
    [[2, 3], (x) => op.pad(x, [0, 1, 3, 0], { value: 2 })],
    [[2, 1, 3], (x) => op.pad(x, [0, 0, 2, 1, 0, 2])],
  ]),
  of("pad by reflection", [
    [[4], (x) => op.pad(x, [3, 2], { mode: "reflect" })],
    [[2, 3], (x) => op.pad(x, [1, 2, 0, 1], { mode: "reflect" })],
    [[3, 1, 5], (x) => op.pad(x, [2, 0, 4, 1, 0, 0], { mode: "reflect" })],
  ]),
  of("pad with the edge", [
    [[3], (x) => op.pad(x, [1, 2], { mode: "edge" })],
    [[2, 3], (x) => op.pad(x, [0, 1, 3, 5], { mode: "edge" })],
    [[2, 1, 3], (x) => op.pad(x, [0, 2, 2, 1, 3, 2], { mode: "edge" })],
  ]),
  of("split", [
    [[7], (x) => op.mul(op.split(x, [3, 4], { axis: 0 })[1]!, 2)],
    [[2, 6], (x) => {
      const [first, , last] = op.split(x, [2, 2, 2], { axis: -1 });
      return op.mul(first!, last!);
    }],
    [[3, 2, 2], (x) => op.split(x, [1, 2], { axis: 0 })[0]!],
  ]),
  {
    name: "concat",
    variants: [
      { inputs: { a: [2, 3], b: [1, 3] }, build: ({ a, b }) => op.concat([a!, b!], { axis: 0 }) },
      {
        inputs: { a: [2, 3], b: [2, 1], c: [2, 2] },
        build: ({ a, b, c }) => op.concat([a!, b!, c!], { axis: -1 }),
      },
      { inputs: { a: [2, 3] }, build: ({ a }) => op.concat([a!, a!, a!], { axis: 1 }) },
    ],
  },
  {
    name: "gather",
    variants: [
      {
        inputs: { x: [4, 3], indices: { shape: [5], integers: [0, 3, 3, 1, 0] } },
        build: ({ x, indices }) => op.gather(x!, indices!),
      },
      {
        inputs: { x: [2, 5, 3], indices: { shape: [2, 2], integers: [4, 0, 0, 2] } },
        build: ({ x, indices }) => op.gather(x!, indices!, { axis: 1 }),
      },
      {
        inputs: { x: [2, 3, 4], indices: { shape: [], integers: [2] } },
        build: ({ x, indices }) => op.gather(x!, indices!, { axis: -1 }),
      },
    ],
  },
  {
    name: "gather of unique indices",
    variants: [
      {
        inputs: { x: [5, 3], indices: { shape: [3], integers: [4, 0, 2] } },
        build: ({ x, indices }) => op.gather(x!, indices!, { unique: true }),
      },
      {
        inputs: { x: [2, 5, 3], indices: { shape: [2, 2], integers: [4, 0, 3, 2] } },
        build: ({ x, indices }) => op.gather(x!, indices!, { axis: 1, unique: true }),
      },
      {
        inputs: { x: [2, 3, 4], indices: { shape: [1], integers: [2] } },
        build: ({ x, indices }) => op.gather(x!, indices!, { axis: -1, unique: true }),
      },
    ],
  },
  {
    name: "gatherElements",
    variants: [
      {
        inputs: UPDATES,
        build: ({ x, indices }) => op.gatherElements(x!, indices!, { axis: 0 }),
      },
      {
        inputs: { x: [2, 5], indices: { shape: [2, 3], integers: [4, 4, 0, 1, 2, 1] } },
        build: ({ x, indices }) => op.gatherElements(x!, indices!, { axis: -1 }),
      },
      {
        inputs: { x: [3, 2, 4], indices: { shape: [3, 1, 4], integers: Array(12).fill(1) } },
        build: ({ x, indices }) => op.gatherElements(x!, indices!, { axis: 1 }),
      },
    ],
  },
  {
    name: "scatterElements",
    variants: [
      {
        inputs: { ...UPDATES, updates: [2, 3] },
        build: ({ x, indices, updates }) => op.scatterElements(x!, indices!, updates!, { axis: 0 }),
      },
      {
        inputs: { ...UPDATES, updates: [2, 3] },
        build: ({ x, indices, updates }) =>
          op.scatterElements(x!, indices!, updates!, { axis: 0, reduction: "add" }),
      },
      {
        inputs: { x: [2, 5], indices: { shape: [2, 2], integers: [4, 4, 0, 1] }, updates: [2, 2] },
        build: ({ x, indices, updates }) =>
          op.scatterElements(x!, indices!, updates!, { axis: -1, reduction: "add" }),
      },
    ],
  },
  {
    name: "scatterRows",
    variants: [[5], [4, 3], [3, 2, 2]].map((shape) => ({
      inputs: {
        x: shape,
        indices: { shape: [2], integers: [2, 0] },
        rows: [2, ...shape.slice(1)],
      },
      build: ({ x, indices, rows }) => op.scatterRows(x!, indices!, rows!),
    })),
  },
  {
    name: "resize nearest",
    dtypes: ["float64", "float32"],
    variants: [...resized("nearest"), ...resized("nearest", false, ROUNDED)],
  },
  { name: "resize linear", variants: resized("linear") },
  { name: "resize cubic", variants: resized("cubic") },
  { name: "resize linear, antialiased", variants: resized("linear", true) },
  { name: "resize cubic, antialiased", variants: resized("cubic", true) },
];
