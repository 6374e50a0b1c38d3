/**
 * Cutting a view out of an image.
 *
 * @module
 */
import type { RgbImage } from "../dataset.ts";
import type { CropBox } from "../views/parameters.ts";
import { axisWeights, type ResizedAxis } from "./axis_weights.ts";
import type { Placement } from "./placement.ts";
import { resample } from "./resample.ts";

/** One axis of an image, and of what is cut out of it. */
interface CutAxis {
  /** Pixels that there are, and where the first of them lies in the whole image and how far they reach. */
  readonly length: number;
  readonly origin: number;
  readonly span: number;
  /** The crop, in pixels of the whole image. */
  readonly position: number;
  readonly extent: number;
  /** What the crop is resized to, and which of it is wanted. */
  readonly size: number;
  readonly first: number;
  readonly count: number;
}

/**
 * Narrows an axis to the pixels within the crop, as if the crop were an image of its own: what lies outside has no
 * part in the view.
 */
function narrow(axis: CutAxis): { readonly start: number; readonly resized: ResizedAxis } {
  const scale = axis.length / axis.span;
  const from = (axis.position - axis.origin) * scale;
  const to = from + axis.extent * scale;
  const start = Math.max(0, Math.floor(from));
  const end = Math.min(axis.length, Math.ceil(to));
  const { size, first, count } = axis;
  return {
    start,
    resized: { length: end - start, from: from - start, to: to - start, size, first, count },
  };
}

/**
 * Crops, resizes and mirrors a view of an image into `target`, uint8 [size, size, 3] from `offset` on.
 *
 * At full scale the result is that of torchvision's `resized_crop`, or `resize` and `center_crop`, on a Pillow image,
 * bit for bit. An image that was decoded at a reduced scale says by its `span` which part of the whole it shows; the
 * placement is expressed in pixels of the whole.
 */
export function cutView(
  image: RgbImage & { readonly span?: CropBox },
  placement: Placement,
  target: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  const { crop, resized, left, top, size, flip, interpolation } = placement;
  const { width, height, data } = image;
  const span = image.span ?? { left: 0, top: 0, width, height };
  const x = narrow({
    length: width,
    origin: span.left,
    span: span.width,
    position: crop.left,
    extent: crop.width,
    size: resized.width,
    first: left,
    count: size,
  });
  const y = narrow({
    length: height,
    origin: span.top,
    span: span.height,
    position: crop.top,
    extent: crop.height,
    size: resized.height,
    first: top,
    count: size,
  });
  const window = {
    data,
    offset: 3 * (y.start * width + x.start),
    pitch: 3 * width,
    width: x.resized.length,
    height: y.resized.length,
  };
  const horizontal = axisWeights(x.resized, interpolation);
  const vertical = axisWeights(y.resized, interpolation);
  resample(window, horizontal, vertical, flip, target, offset);
}

/** Cuts the same view out of a mask of `width` by `height` into `target`, uint8 [size, size] from `offset` on. */
export function cutMask(
  mask: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  placement: Placement,
  target: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  const gray = new Uint8Array(3 * mask.length);
  for (let i = 0; i < mask.length; i++) gray.fill(mask[i]!, 3 * i, 3 * i + 3);
  const view = new Uint8Array(3 * placement.size ** 2);
  cutView({ width, height, data: gray }, placement, view, 0);
  for (let i = 0; i < placement.size ** 2; i++) target[offset + i] = view[3 * i]!;
}
