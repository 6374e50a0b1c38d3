import { defineOp } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import { filled, float32 } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { checkFloat } from "./_floats.ts";
import {
  checkPoolWindows,
  padsForCounts,
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
  /**
   * Whether a last window may reach over the end of the padded input (default false). What it reaches beyond the
   * padding is never counted in the mean.
   */
  readonly ceil?: boolean;
  /** Whether padding counts as zeros in the mean (default true), or each mean is over elements of the input only. */
  readonly countIncludePad?: boolean;
}

interface AveragePoolAttributes extends Windows {
  readonly kernel: Shape;
  readonly countIncludePad: boolean;
  readonly ceil: boolean;
}

/** The windows with the padding at the end that stands for `ceil`. */
function padded(
  spatial: Shape,
  counts: readonly number[],
  attributes: AveragePoolAttributes,
): AveragePoolAttributes {
  return { ...attributes, pads: padsForCounts(spatial, attributes.kernel, attributes, counts) };
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

/** All products of one number of each list, row-major. */
function outerProduct(lists: readonly (readonly number[])[]): number[] {
  return lists.reduce<number[]>(
    (products, list) => products.flatMap((a) => list.map((b) => a * b)),
    [1],
  );
}

/** dy, divided by the number of elements that each window counts. */
function divided(dy: Value, x: Value, attributes: AveragePoolAttributes): Value {
  const perAxisShares = dy.shape.slice(2).map((count, axis) =>
    shares(x.shape[axis + 2]!, count, axis, attributes)
  );
  const whole = perAxisShares.every((list) => list.every((share) => share === list[0]));
  if (whole) return mul(dy, perAxisShares.reduce((product, list) => product * list[0]!, 1));
  const table = outerProduct(perAxisShares);
  return mul(dy, cast(constant(float32(dy.shape.slice(2), table)), dy.dtype));
}

/** Gives every element of a window what the window got, where windows are adjacent. */
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
  precision: "within",
  infer: ({ x }, attributes: AveragePoolAttributes) => {
    const { kernel } = attributes;
    checkFloat("x", x);
    const spatial = spatialShape("x", x.shape);
    checkPoolWindows(attributes, kernel, spatial.length);
    const counts = windowCounts(spatial, kernel, attributes, attributes);
    return { y: { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...counts] } };
  },
  onnx: (attributes, { x }) => {
    const spatial = x!.shape.slice(2);
    const counts = windowCounts(spatial, attributes.kernel, attributes, attributes);
    return {
      attributes: {
        kernel_shape: { ints: attributes.kernel },
        strides: { ints: attributes.strides },
        pads: { ints: padded(spatial, counts, attributes).pads },
        count_include_pad: { int: attributes.countIncludePad ? 1 : 0 },
      },
    };
  },
  // Every window gives each of its elements an equal share of its gradient.
  gradient: ({ x, dy }, attributes) => {
    const windows = padded(x.shape.slice(2), dy.shape.slice(2), attributes);
    const { kernel, strides, pads } = windows;
    const share = divided(dy, x, windows);
    const tiled = pads.every((n) => n === 0) &&
      kernel.every((length, axis) => length === strides[axis]);
    return { x: tiled ? spreadTiles(share, x, kernel) : overlapTiles(share, x, windows) };
  },
});

/**
 * Means over whole kernels as means over what lies within the padded input, which a window at the end may leave with
 * `ceil` (PyTorch, aten/src/ATen/native/cpu/AvgPoolKernel.cpp, `pool_size`).
 */
function withoutOverhang(y: Value, x: Value, { kernel, strides, pads }: AveragePoolAttributes) {
  const rank = kernel.length;
  const counts = y.shape.slice(2);
  const factors = counts.map((count, axis) =>
    Array.from({ length: count }, (_, i) => {
      const start = i * strides[axis]!;
      const end = pads[axis]! + x.shape[axis + 2]! + pads[rank + axis]!;
      return kernel[axis]! / (Math.min(start + kernel[axis]!, end) - start);
    })
  );
  if (factors.every((list) => list.every((factor) => factor === 1))) return y;
  return mul(y, cast(constant(float32(counts, outerProduct(factors))), y.dtype));
}

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
  const { strides = options.kernel, pads = 0, ceil = false, countIncludePad = true } = options;
  const windows = windowsOf({ strides, pads }, rank);
  const attributes = { ...windows, kernel, countIncludePad, ceil };
  const { y } = AveragePool({ x }, attributes);
  return countIncludePad ? withoutOverhang(y, x, attributes) : y;
}
