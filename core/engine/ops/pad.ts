import { GenviewRangeError } from "../../errors/mod.ts";
import { checkNumber } from "../graph/numbers.ts";
import { defineOp } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import { filled, int64 } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { scatterSum } from "./_scatter_sum.ts";
import { slice } from "./slice.ts";

/** Options of {@linkcode pad}. */
export interface PadOptions {
  /** A constant (default), the tensor mirrored without its edge, or its edge repeated. */
  readonly mode?: "constant" | "reflect" | "edge";
  /** The constant (default 0). */
  readonly value?: number;
}

interface PadAttributes extends Required<PadOptions> {
  /** Elements before each axis, then elements after each axis. */
  readonly pads: readonly number[];
}

/** The part of dy that x became; what a constant pad adds depends on nothing. */
function inside(dy: Value, shape: Shape, pads: readonly number[]): Value {
  return slice(dy, {
    starts: pads.slice(0, shape.length),
    ends: shape.map((length, axis) => pads[axis]! + length),
    axes: shape.map((_, axis) => axis),
  });
}

/** Which element of an axis a position was filled from; a pad has negative positions, and some beyond the end. */
function sourceOf(position: number, length: number, mode: PadAttributes["mode"]): number {
  const last = length - 1;
  if (mode === "edge") return Math.min(Math.max(position, 0), last);
  return last - Math.abs(last - Math.abs(position));
}

/** dy with the pads added to the elements that they repeat, one axis after the other. */
function folded(dy: Value, shape: Shape, { pads, mode }: PadAttributes): Value {
  return shape.reduce((sum, length, axis) => {
    const [before, padded] = [pads[axis]!, sum.shape[axis]!];
    if (padded === length) return sum;
    const sources = Array.from({ length: padded }, (_, i) => sourceOf(i - before, length, mode));
    const indices = constant(int64([padded], sources));
    return scatterSum(sum, indices, sum.shape.with(axis, length), axis);
  }, dy);
}

const Pad = defineOp({
  type: "Pad",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, { pads, mode, value }: PadAttributes) => {
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((n) => !Number.isInteger(n) || n < 0)) {
      throw new GenviewRangeError(
        `pads must be ${2 * rank} integers of at least 0, found [${pads.join(",")}]`,
      );
    }
    if (mode === "reflect" && pads.some((n, i) => n >= x.shape[i % rank]!)) {
      throw new GenviewRangeError(
        `pads by reflection must be shorter than the axis, found [${pads.join(",")}]`,
      );
    }
    checkNumber(x.dtype, value);
    const shape = x.shape.map((length, axis) => pads[axis]! + length + pads[rank + axis]!);
    return { y: { dtype: x.dtype, shape } };
  },
  onnx: ({ pads, mode, value }, types) => ({
    attributes: { mode: { string: mode } },
    constants: [int64([pads.length], pads), filled(types.x!.dtype, [], value)],
  }),
  gradient: ({ x, dy }, attributes) => ({
    x: attributes.mode === "constant"
      ? inside(dy, x.shape, attributes.pads)
      : folded(dy, x.shape, attributes),
  }),
});

/**
 * Adds elements around a tensor: as many before each axis, then as many after each axis.
 */
export function pad(x: Value, pads: readonly number[], options: PadOptions = {}): Value {
  if (pads.length === 2 * x.rank && pads.every((n) => n === 0)) return x;
  const { mode = "constant", value = 0 } = options;
  return Pad({ x }, { pads: [...pads], mode, value }).y;
}
