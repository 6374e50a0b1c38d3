/**
 * What convolutions and pools share: the windows that slide over the spatial axes of `[N, C, L]` or `[N, C, H, W]`.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Shape } from "../graph/shape.ts";

/** Where windows lie; a number holds for every spatial axis. */
export interface WindowOptions {
  /** Steps between windows, one per spatial axis (default 1). */
  readonly strides?: number | readonly number[];
  /**
   * Zeros added around the input: one number per spatial axis for both sides, or all begins and then all ends,
   * as `[top, left, bottom, right]` (default 0).
   */
  readonly pads?: number | readonly number[];
  /** Steps between the elements of a window, one per spatial axis (default 1). */
  readonly dilations?: number | readonly number[];
}

/** Windows with every length spelled out. */
export interface Windows {
  /** Steps from one window to the next. */
  readonly strides: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  /** Steps from one element of a window to the next. */
  readonly dilations: readonly number[];
}

/** A number for every one of `rank` axes; a list stays as it is. */
export function perAxis(value: number | readonly number[], rank: number): readonly number[] {
  return typeof value === "number" ? Array.from({ length: rank }, () => value) : [...value];
}

/** Spells out options for `rank` spatial axes; {@linkcode checkWindows} tells whether they make sense. */
export function windowsOf(options: WindowOptions, rank: number): Windows {
  const pads = perAxis(options.pads ?? 0, rank);
  return {
    strides: perAxis(options.strides ?? 1, rank),
    pads: pads.length === rank ? [...pads, ...pads] : pads,
    dilations: perAxis(options.dilations ?? 1, rank),
  };
}

/**
 * Checks a list of one integer per spatial axis.
 *
 * @throws {RangeError} with the reason
 */
export function checkIntegers(
  name: string,
  values: readonly number[],
  length: number,
  least: number,
): void {
  if (values.length !== length || values.some((n) => !Number.isInteger(n) || n < least)) {
    throw new GenviewRangeError(
      `${name} must be ${length} integers of at least ${least}, found [${values.join(",")}]`,
    );
  }
}

/**
 * Checks windows over `rank` spatial axes.
 *
 * @throws {RangeError} with the reason
 */
export function checkWindows(windows: Windows, rank: number): void {
  checkIntegers("strides", windows.strides, rank, 1);
  checkIntegers("pads", windows.pads, 2 * rank, 0);
  checkIntegers("dilations", windows.dilations, rank, 1);
}

/**
 * Checks the windows of a pool: some of each must lie within the input, so padding is at most half a kernel.
 *
 * @throws {RangeError} with the reason
 */
export function checkPoolWindows(windows: Windows, kernel: Shape, rank: number): void {
  checkIntegers("kernel", kernel, rank, 1);
  checkWindows(windows, rank);
  windows.pads.forEach((padding, i) => {
    const length = kernel[i % rank]!;
    if (2 * padding > length) {
      throw new GenviewRangeError(
        `pads must be at most half the kernel of ${length}, found ${padding}`,
      );
    }
  });
}

/**
 * Checks that a tensor has one or two spatial axes, and returns their lengths.
 *
 * @throws {RangeError} with the reason
 */
export function spatialShape(name: string, shape: Shape): Shape {
  if (shape.length !== 3 && shape.length !== 4) {
    throw new GenviewRangeError(`${name} must have 3 or 4 axes, found [${shape.join(",")}]`);
  }
  return shape.slice(2);
}

/** Elements of the input that a window spans along one axis: `(kernel - 1) * dilation + 1`. */
export function windowSpan(windows: Windows, kernel: Shape, axis: number): number {
  return (kernel[axis]! - 1) * windows.dilations[axis]! + 1;
}

/**
 * How many windows fit along each spatial axis; with `ceil`, a last window may reach over the end, as long as it
 * starts within the input or the padding before it (PyTorch's `pooling_output_shape`, aten/src/ATen/native/Pool.h).
 *
 * @throws {RangeError} with the reason, if none fits
 */
export function windowCounts(
  spatial: Shape,
  kernel: Shape,
  windows: Windows,
  { ceil = false }: { readonly ceil?: boolean } = {},
): number[] {
  return spatial.map((length, axis) => {
    const begin = windows.pads[axis]!;
    const end = windows.pads[spatial.length + axis]!;
    const stride = windows.strides[axis]!;
    const span = windowSpan(windows, kernel, axis);
    const room = length + begin + end - span;
    if (room < 0) {
      throw new GenviewRangeError(
        `a window must fit into the padded input, found a window of ${span} and an input of ` +
          `${length + begin + end} along spatial axis ${axis}`,
      );
    }
    const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    return ceil && (count - 1) * stride >= length + begin ? count - 1 : count;
  });
}

/**
 * The padding with which windows that are counted by rounding down are those of `counts`: longer at the end where
 * rounding up gives a window more. ONNX's own `ceil_mode` also counts a last window that begins after the input.
 */
export function padsForCounts(
  spatial: Shape,
  kernel: Shape,
  windows: Windows,
  counts: readonly number[],
): number[] {
  const rank = spatial.length;
  const ends = spatial.map((length, axis) => {
    const read = (counts[axis]! - 1) * windows.strides[axis]! + windowSpan(windows, kernel, axis);
    return Math.max(windows.pads[rank + axis]!, read - length - windows.pads[axis]!);
  });
  return [...windows.pads.slice(0, rank), ...ends];
}
