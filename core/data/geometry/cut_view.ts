/**
 * Cutting a view out of an image.
 *
 * @module
 */
import type { RgbImage } from "../dataset.ts";
import { axisWeights, type ResizedAxis } from "./axis_weights.ts";
import type { Placement } from "./placement.ts";
import { resampleColumns, resampleRows } from "./resample.ts";

/** One axis of a cut: the pixels that it needs, and how they are resized. */
interface CutAxis {
  readonly start: number;
  readonly end: number;
  readonly axis: ResizedAxis;
}

/**
 * Narrows an axis to the pixels within the crop, as if the crop were an image of its own: what lies outside has no
 * part in the view.
 */
function cutAxis(
  position: number,
  extent: number,
  scale: number,
  limit: number,
  size: number,
  first: number,
  count: number,
): CutAxis {
  const from = position * scale;
  const to = Math.min(limit, (position + extent) * scale);
  const start = Math.floor(from);
  const end = Math.ceil(to);
  return {
    start,
    end,
    axis: { length: end - start, from: from - start, to: to - start, size, first, count },
  };
}

/**
 * Crops, resizes and mirrors a view of an image into `target`, uint8 [size, size, 3] from `offset` on.
 *
 * The image may have been decoded at a reduced scale: `width` and `height` are those of the whole image, in which the
 * placement is expressed. At full scale the result is that of torchvision's `resized_crop`, or `resize` and
 * `center_crop`, on a Pillow image, bit for bit.
 */
export function cutView(
  image: RgbImage,
  width: number,
  height: number,
  placement: Placement,
  target: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  const { crop, resized, left, top, size, flip, interpolation } = placement;
  const x = cutAxis(
    crop.left,
    crop.width,
    image.width / width,
    image.width,
    resized.width,
    left,
    size,
  );
  const y = cutAxis(
    crop.top,
    crop.height,
    image.height / height,
    image.height,
    resized.height,
    top,
    size,
  );
  const rows = resampleRows(
    {
      data: image.data,
      offset: 3 * (y.start * image.width + x.start),
      pitch: 3 * image.width,
      rows: y.end - y.start,
    },
    axisWeights(x.axis, interpolation),
    flip,
  );
  resampleColumns(rows, 3 * size, axisWeights(y.axis, interpolation), target, offset);
}

/** Cuts the same view out of a mask of the whole image into `target`, uint8 [size, size] from `offset` on. */
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
  cutView({ width, height, data: gray }, width, height, placement, view, 0);
  for (let i = 0; i < placement.size ** 2; i++) target[offset + i] = view[3 * i]!;
}
