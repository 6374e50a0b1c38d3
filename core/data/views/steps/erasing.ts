/**
 * Random erasing of a rectangle.
 *
 * @module
 */
import { float32 } from "../../../engine/graph/tensor.ts";
import { constant, type Value } from "../../../engine/graph/value.ts";
import { cast } from "../../../engine/ops/cast.ts";
import { greaterOrEqual } from "../../../engine/ops/greater_or_equal.ts";
import { less } from "../../../engine/ops/less.ts";
import { mul } from "../../../engine/ops/mul.ts";
import { reshape } from "../../../engine/ops/reshape.ts";
import { where } from "../../../engine/ops/where.ts";
import type { Range } from "../range.ts";
import { roundHalfToEven } from "../round_half_to_even.ts";
import type { PhotometricStep } from "./step.ts";

/**
 * Erasing of a random rectangle after the normalisation, as torchvision's `RandomErasing`. What is left out is
 * torchvision's default.
 */
export interface ErasingRecipe {
  /** Default 0.5. */
  readonly probability?: number;
  /** Fraction of the view's area (default [0.02, 0.33]). */
  readonly scale?: Range;
  /** Height over width; the draw is uniform in its logarithm (default [0.3, 3.3]). */
  readonly ratio?: Range;
  /** What the rectangle is filled with, for all channels or for each, in units of the normalised view (default 0). */
  readonly value?: number | readonly [red: number, green: number, blue: number];
}

/** A rectangle of a view in pixels; nothing is erased where it is empty. */
export interface ErasedBox {
  /** Rows above it. */
  readonly top: number;
  /** Columns before it. */
  readonly left: number;
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** Draws before nothing is erased. */
const ATTEMPTS = 10;

function valuesOf({ value = 0 }: ErasingRecipe): readonly number[] {
  return typeof value === "number" ? [value, value, value] : value;
}

/** Whether positions 0 to `size` lie from one number on and before another, `[N]` each: float32 `[N,size]`, 0 or 1. */
function within(from: Value, to: Value, size: number): Value {
  const positions = constant(float32([1, size], Array.from({ length: size }, (_, i) => i)));
  const isFrom = cast(greaterOrEqual(positions, reshape(from, [-1, 1])), "float32");
  return mul(isFrom, cast(less(positions, reshape(to, [-1, 1])), "float32"));
}

const RANGE = {
  type: "array",
  items: { type: "number", exclusiveMinimum: 0 },
  minItems: 2,
  maxItems: 2,
} as const;

/** Erasing. Source: torchvision, `transforms/transforms.py`, `RandomErasing`, without its random values. */
export const erasing: PhotometricStep<"erasing", ErasingRecipe, ErasedBox> = {
  name: "erasing",
  kind: "photometric",
  normalized: true,
  schema: {
    type: "object",
    additionalProperties: false,
    properties: {
      probability: { type: "number", minimum: 0, maximum: 1 },
      scale: { ...RANGE, items: { type: "number", minimum: 0, maximum: 1 } },
      ratio: RANGE,
      value: {
        type: ["number", "array"],
        items: { type: "number" },
        minItems: 3,
        maxItems: 3,
      },
    },
  },
  none: { top: 0, left: 0, height: 0, width: 0 },
  isUsed: ({ probability = 0.5 }) => probability > 0,
  changes: ({ height, width }) => height > 0 && width > 0,
  sample({ probability = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3] }, random, size) {
    if (!random.chance(probability)) return erasing.none;
    const [flattest, tallest] = [Math.log(ratio[0]), Math.log(ratio[1])];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const area = size ** 2 * random.uniform(...scale);
      const aspect = Math.exp(random.uniform(flattest, tallest));
      const height = roundHalfToEven(Math.sqrt(area * aspect));
      const width = roundHalfToEven(Math.sqrt(area / aspect));
      if (height >= size || width >= size) continue;
      const top = random.integer(size - height + 1);
      return { top, left: random.integer(size - width + 1), height, width };
    }
    return erasing.none;
  },
  packed: {
    erasing_top: { dtype: "float32", shape: [] },
    erasing_bottom: { dtype: "float32", shape: [] },
    erasing_left: { dtype: "float32", shape: [] },
    erasing_right: { dtype: "float32", shape: [] },
  },
  pack: ({ top, left, height, width }) => ({
    erasing_top: [top],
    erasing_bottom: [top + height],
    erasing_left: [left],
    erasing_right: [left + width],
  }),
  graph(pixels, { inputs, size, recipe }) {
    const rows = within(inputs["erasing_top"]!, inputs["erasing_bottom"]!, size);
    const columns = within(inputs["erasing_left"]!, inputs["erasing_right"]!, size);
    const inside = mul(reshape(rows, [-1, 1, size, 1]), reshape(columns, [-1, 1, 1, size]));
    const value = constant(float32([1, 3, 1, 1], valuesOf(recipe)));
    return where(greaterOrEqual(inside, 1), value, pixels);
  },
  kernel: {
    kind: "pixels",
    apply(view, { top, left, height, width }, recipe) {
      const values = valuesOf(recipe);
      view.change((plane, channel) => {
        const size = Math.sqrt(plane.length);
        for (let row = top; row < top + height; row++) {
          plane.fill(values[channel]!, row * size + left, row * size + left + width);
        }
      });
    },
  },
};
