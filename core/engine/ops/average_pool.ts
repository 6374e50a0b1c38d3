import { defineOp } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import { filled, float32 } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { checkFloat } from "./_floats.ts";
import {
  checkPoolWindows,
  perAxis,
  spatialShape,
  windowCounts,
  type WindowOptions,
  type Windows,
  windowsOf,
} from "./_windows.ts";
import { cast } from "./cast.ts";
import { convTranspose } from "./conv_transpose.ts";
import { expand } from "./expand.ts";
import { mul } from "./mul.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";

/** Options of {@linkcode averagePool}. */
export interface AveragePoolOptions extends Omit<WindowOptions, "dilations"> {
  /** Lengths of the window; a number holds for every spatial axis. */
  readonly kernel: number | readonly number[];
  /** Whether padding counts as zeros in the mean (default true), or each mean is over elements of the input only. */
  readonly countIncludePad?: boolean;
}

interface AveragePoolAttributes extends Windows {
  readonly kernel: Shape;
  readonly countIncludePad: boolean;
}

/** One over the number of elements that each window counts along one axis. */
function shares(
  length: number,
  count: number,
  axis: number,
  { kernel, strides, pads, countIncludePad }: AveragePoolAttributes,
): number[] {
  return Array.from({ length: count }, (_, i) => {
    const start = i * strides[axis]! - pads[axis]!;
    const end = start + kernel[axis]!;
    return 1 / (countIncludePad ? kernel[axis]! : Math.min(end, length) - Math.max(start, 0));
  });
}

/** dy, divided by the number of elements that each window counts. */
function divided(dy: Value, x: Value, attributes: AveragePoolAttributes): Value {
  const perAxisShares = dy.shape.slice(2).map((count, axis) =>
    shares(x.shape[axis + 2]!, count, axis, attributes)
  );
  const whole = perAxisShares.every((list) => list.every((share) => share === list[0]));
  if (whole) return mul(dy, perAxisShares.reduce((product, list) => product * list[0]!, 1));
  const table = perAxisShares.reduce(
    (products, list) => products.flatMap((a) => list.map((b) => a * b)),
    [1],
  );
  return mul(dy, cast(constant(float32(dy.shape.slice(2), table)), dy.dtype));
}

/** Gives every element of a window what the window got, where windows lie side by side. */
function spreadTiles(dy: Value, x: Value, kernel: Shape): Value {
  const apart = dy.shape.slice(2).flatMap((count) => [count, 1]);
  const tiles = dy.shape.slice(2).flatMap((count, axis) => [count, kernel[axis]!]);
  const front = dy.shape.slice(0, 2);
  const covered = dy.shape.slice(2).map((count, axis) => count * kernel[axis]!);
  const spread = expand(reshape(dy, [...front, ...apart]), [...front, ...tiles]);
  const rest = x.shape.slice(2).map((length, axis) => length - covered[axis]!);
  const none = new Array<number>(x.rank).fill(0);
  return pad(reshape(spread, [...front, ...covered]), [...none, 0, 0, ...rest]);
}

/** Sums for every element what the windows over it got: the adjoint of the sum over windows, channel by channel. */
function overlapTiles(
  dy: Value,
  x: Value,
  { kernel, strides, pads }: AveragePoolAttributes,
): Value {
  const rank = kernel.length;
  const [batch, channels] = x.shape as [number, number];
  const end = x.shape.slice(2).map((length, axis) =>
    (dy.shape[axis + 2]! - 1) * strides[axis]! + kernel[axis]! - length - pads[axis]!
  );
  const one = constant(filled(dy.dtype, [1, 1, ...kernel], 1));
  const planes = reshape(dy, [batch * channels, 1, ...dy.shape.slice(2)]);
  const sums = convTranspose(planes, one, {
    strides,
    pads: [...pads.slice(0, rank), ...end.map((n) => Math.max(n, 0))],
    outputPadding: end.map((n) => Math.max(-n, 0)),
  });
  return reshape(sums, x.shape);
}

const AveragePool = defineOp({
  type: "AveragePool",
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, attributes: AveragePoolAttributes) => {
    const { kernel } = attributes;
    checkFloat("x", x);
    const spatial = spatialShape("x", x.shape);
    checkPoolWindows(attributes, kernel, spatial.length);
    const counts = windowCounts(spatial, kernel, attributes);
    return { y: { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...counts] } };
  },
  onnx: ({ kernel, strides, pads, countIncludePad }) => ({
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
      count_include_pad: { int: countIncludePad ? 1 : 0 },
    },
  }),
  // Every window gives each of its elements an equal share of its gradient.
  gradient: ({ x, dy }, attributes) => {
    const { kernel, strides, pads } = attributes;
    const share = divided(dy, x, attributes);
    const tiled = pads.every((n) => n === 0) &&
      kernel.every((length, axis) => length === strides[axis]);
    return { x: tiled ? spreadTiles(share, x, kernel) : overlapTiles(share, x, attributes) };
  },
});

/**
 * Mean of each window over one or two spatial axes, as `torch.nn.functional.avg_pool2d`.
 *
 * @param x `[N, C, L]` or `[N, C, H, W]`
 * @returns `[N, C, ...]`, one element for each window
 * @throws {RangeError} if shapes or options do not fit
 * @throws {TypeError} if x is no float
 */
export function averagePool(x: Value, options: AveragePoolOptions): Value {
  const rank = x.rank - 2;
  const kernel = perAxis(options.kernel, rank);
  const { strides = options.kernel, pads = 0, countIncludePad = true } = options;
  return AveragePool({ x }, { ...windowsOf({ strides, pads }, rank), kernel, countIncludePad }).y;
}
