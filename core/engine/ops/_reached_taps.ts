/**
 * The part of a kernel that ever meets the image: on maps smaller than the kernel the rest meets padding alone.
 *
 * The last stage of a ResNet on small images convolves maps of one pixel with kernels of 3x3, of which only the centre
 * counts: leaving out the others makes a product of a ninth of the size of it.
 *
 * @module
 */
import type { Shape } from "../graph/shape.ts";
import type { Windows } from "./_windows.ts";

/** A stretch of a kernel's axis, from `start` up to `end`, and the padding before the image that goes with it. */
export interface ReachedTaps {
  readonly start: number;
  readonly end: number;
  readonly pad: readonly [before: number, after: number];
}

function reaches(
  tap: number,
  length: number,
  windows: number,
  { stride, dilation, before }: { stride: number; dilation: number; before: number },
): boolean {
  for (let window = 0; window < windows; window++) {
    const position = window * stride + tap * dilation - before;
    if (position >= 0 && position < length) return true;
  }
  return false;
}

/**
 * For each spatial axis the taps from the first to the last that meet the image in some window.
 *
 * Taps stay where leaving them out would need the image cropped instead of padded, and where none meets it.
 *
 * @param image lengths of the image's spatial axes
 * @param kernel lengths of the kernel's
 * @param windows numbers of windows along each
 */
export function reachedTaps(
  image: Shape,
  kernel: Shape,
  windows: Shape,
  { strides, dilations, pads }: Windows,
): ReachedTaps[] {
  return kernel.map((taps, axis) => {
    const [before, after] = [pads[axis]!, pads[axis + kernel.length]!];
    const [stride, dilation] = [strides[axis]!, dilations[axis]!];
    const reached = (tap: number): boolean =>
      reaches(tap, image[axis]!, windows[axis]!, { stride, dilation, before });
    let [start, end] = [0, taps];
    while (start < end - 1 && !reached(start) && (start + 1) * dilation <= before) start++;
    while (end - 1 > start && !reached(end - 1) && (taps - end + 1) * dilation <= after) end--;
    return { start, end, pad: [before - start * dilation, after - (taps - end) * dilation] };
  });
}
