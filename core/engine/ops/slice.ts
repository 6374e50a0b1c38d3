import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import { int64 } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";

/** Where to cut: for each of `axes`, the elements from `starts` to before `ends`, every `steps`-th of them. */
export interface SliceOptions {
  /** First element along each of the axes; negative ones count from the back. */
  readonly starts: readonly number[];
  /** End along each of the axes, itself not included; negative ones count from the back. */
  readonly ends: readonly number[];
  /** Axes that are cut; negative ones count from the back. */
  readonly axes: readonly number[];
  /** Steps along each of the axes (default 1); with a negative one, backwards from the last element before the end. */
  readonly steps?: readonly number[];
}

/** Every start and end counted from the front. */
type SliceAttributes = Required<SliceOptions>;

/** Length of a slice of one axis; throws a RangeError with the reason alone. */
function slicedLength(length: number, axis: number, attributes: SliceAttributes): number {
  const i = attributes.axes.indexOf(axis);
  if (i === -1) return length;
  const [start, end, step] = [attributes.starts[i]!, attributes.ends[i]!, attributes.steps[i]!];
  if (!(start >= 0 && start < end && end <= length) || !Number.isInteger(step) || step === 0) {
    throw new GenviewRangeError(
      `a slice of axis ${axis} must lie in [0, ${length}] with a step other than 0, ` +
        `found ${start} to ${end} by ${step}`,
    );
  }
  return Math.ceil((end - start) / Math.abs(step));
}

const Slice = defineOp({
  type: "Slice",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, attributes: SliceAttributes) => {
    const shape = x.shape.map((length, axis) => slicedLength(length, axis, attributes));
    return { y: { dtype: x.dtype, shape } };
  },
  onnx: ({ starts, ends, axes, steps }) => {
    // ONNX walks backwards from start to before end; our stretch is the same whichever way it is walked.
    const from = starts.map((start, i) => steps[i]! > 0 ? start : ends[i]! - 1);
    const to = ends.map((end, i) => steps[i]! > 0 ? end : starts[i]! === 0 ? -MAX : starts[i]! - 1);
    return { constants: [from, to, axes, steps].map((list) => int64([list.length], list)) };
  },
  // Zeros between the elements that were kept, then zeros around them.
  gradient: ({ x, dy }, { starts, ends, axes, steps }) => {
    const reversed = axes.filter((_, i) => steps[i]! < 0);
    const forward = reverse(dy, reversed);
    const spread = axes.reduce((d, axis, i) => spreadOut(d, axis, Math.abs(steps[i]!)), forward);
    const begin = x.shape.map((_, axis) => {
      const i = axes.indexOf(axis);
      if (i === -1) return 0;
      return steps[i]! > 0 ? starts[i]! : ends[i]! - spread.shape[axis]!;
    });
    const end = x.shape.map((length, axis) => length - begin[axis]! - spread.shape[axis]!);
    return { x: pad(spread, [...begin, ...end]) };
  },
});

/** Beyond any axis, as ONNX wants it for a backward walk that takes the first element too. */
const MAX = 2 ** 31;

/** Turns axes around. */
function reverse(x: Value, axes: readonly number[]): Value {
  return slice(x, {
    starts: axes.map(() => 0),
    ends: axes.map((axis) => x.shape[axis]!),
    axes,
    steps: axes.map(() => -1),
  });
}

/** Puts `step - 1` zeros between neighbours along an axis. */
export function spreadOut(x: Value, axis: number, step: number): Value {
  const length = x.shape[axis]!;
  if (step === 1 || length === 1) return x;
  const apart = reshape(x, x.shape.toSpliced(axis + 1, 0, 1));
  const zeros = new Array<number>(2 * apart.rank).fill(0).with(apart.rank + axis + 1, step - 1);
  const filled = reshape(pad(apart, zeros), x.shape.with(axis, length * step));
  return slice(filled, { starts: [0], ends: [(length - 1) * step + 1], axes: [axis] });
}

function fromFront(positions: readonly number[], axes: readonly number[], shape: Shape): number[] {
  return positions.map((position, i) => position < 0 ? position + shape[axes[i]!]! : position);
}

/**
 * Part of a tensor: along each of the axes the elements from start to before end, every step-th of them. A negative
 * step takes the same stretch from its last element backwards.
 */
export function slice(x: Value, options: SliceOptions): Value {
  const axes = options.axes.map((axis) => axisOf("Slice", x, axis));
  const starts = fromFront(options.starts, axes, x.shape);
  const ends = fromFront(options.ends, axes, x.shape);
  const steps = options.steps ?? axes.map(() => 1);
  const whole = axes.every((axis, i) =>
    starts[i] === 0 && ends[i] === x.shape[axis] && steps[i] === 1
  );
  if (whole) return x;
  const leaps = axes.filter((_, i) => steps[i]! < -1);
  if (currentTarget().provider !== "webgpu" || leaps.length === 0) {
    return Slice({ x }, { starts, ends, axes, steps: [...steps] }).y;
  }
  // WebGPU's kernel is wrong for backward steps of more than one: the same elements forwards, then turned around.
  const attributes = { starts, ends, axes, steps: [...steps] };
  const from = axes.map((axis, i) =>
    steps[i]! < -1
      ? ends[i]! - 1 + (slicedLength(x.shape[axis]!, axis, attributes) - 1) * steps[i]!
      : starts[i]!
  );
  const forward = steps.map((step) => step < -1 ? -step : step);
  return reverse(slice(x, { starts: from, ends, axes, steps: forward }), leaps);
}
