/**
 * Gaussian blur of a batch whose samples each have their own width.
 *
 * Source of the kernel and of the borders: torchvision, `transforms/_functional_tensor.py` (`gaussian_blur`).
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Value } from "../../engine/graph/value.ts";
import { bandedBlur } from "./banded_blur.ts";
import { blockedBlur, suitsBlockedBlur } from "./blocked_blur.ts";

/** Standard deviations beyond which the kernel is cut: all that lies there together weighs 0.0001 at most. */
const FURTHEST = 4;

/** How a blur is computed. */
export interface GaussianBlurOptions {
  /** Odd length of the kernel in pixels, below twice that of the image. */
  readonly kernelLength: number;
  /** No standard deviation is larger, in pixels; it saves products where the kernel reaches much further. */
  readonly widest?: number;
  /** Channels that ONNX Runtime's kernels on this CPU block together; for graphs that run nowhere else. */
  readonly channelBlock?: number;
}

/** Length of the kernel for views of a size: about a tenth of it and odd, 23 at 224, as SimCLR and its followers. */
export function blurKernelLength(size: number): number {
  return Math.max(3, 2 * Math.floor(size / 20) + 1);
}

/** How far the kernel reaches, in pixels. */
function radiusOf(size: number, { kernelLength, widest = Infinity }: GaussianBlurOptions): number {
  const radius = (kernelLength - 1) / 2;
  if (!Number.isInteger(radius) || radius < 1 || radius >= size) {
    throw new GenviewRangeError(
      `Cannot blur: the kernel's length must be odd, at least 3 and below ${
        2 * size
      }, found ${kernelLength}`,
    );
  }
  return Math.min(radius, Math.max(1, Math.ceil(FURTHEST * widest)));
}

/**
 * Blurs images `[N,3,S,S]`, each with its own standard deviation `[N]` in pixels; 0 leaves an image as it is.
 *
 * @throws {RangeError} if the kernel is even or reaches further than one reflection
 */
export function gaussianBlur(images: Value, sigma: Value, options: GaussianBlurOptions): Value {
  const radius = radiusOf(images.shape[2]!, options);
  const { channelBlock = 1 } = options;
  return suitsBlockedBlur(images.shape, channelBlock)
    ? blockedBlur(images, sigma, radius, channelBlock)
    : bandedBlur(images, sigma, radius);
}
