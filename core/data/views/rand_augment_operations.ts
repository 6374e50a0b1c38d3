/**
 * The operations of RandAugment, each from a magnitude to an argument and from that to pixels; they are the stronger the
 * larger the magnitude ("increasing").
 *
 * Source: timm, `data/auto_augment.py`, `_RAND_INCREASING_TRANSFORMS`.
 *
 * @module
 */
import { rotateImage } from "../geometry/rotate_image.ts";
import { type Affine, transformImage, type TransformOptions } from "../geometry/transform_image.ts";
import {
  enhanceBrightness,
  enhanceColor,
  enhanceContrast,
  enhanceSharpness,
} from "../photometry/enhance.ts";
import {
  autoContrast,
  brightenDark,
  equalize,
  invert,
  posterize,
  solarizeLevels,
} from "../photometry/level_tables.ts";

type Pixels = Uint8Array<ArrayBuffer>;

/** The largest magnitude. */
export const LARGEST_MAGNITUDE = 10;

/** An operation that changes colours. */
interface ColorOperation {
  readonly kind: "colors";
  /** The argument of a magnitude in [0, 10], and of a sign where it has two directions; 0 where it takes none. */
  argument(magnitude: number, sign: 1 | -1): number;
  /** Changes pixels, uint8 `[size, size, 3]`. */
  apply(pixels: Pixels, size: number, argument: number): Pixels;
}

/** An operation that moves pixels. */
interface MoveOperation {
  readonly kind: "moves";
  /** The argument of a magnitude in [0, 10] and a sign. */
  argument(magnitude: number, sign: 1 | -1): number;
  /** Moves pixels, or a mask, uint8 `[size, size, C]` with as many channels as `fill`. */
  apply(image: Pixels, size: number, argument: number, options: TransformOptions): Pixels;
}

/** An operation of RandAugment. */
export type RandAugmentOperation = ColorOperation | MoveOperation;

const share = (magnitude: number) => magnitude / LARGEST_MAGNITUDE;

/** An operation without an argument. */
function plain(apply: (pixels: Pixels) => Pixels): ColorOperation {
  return { kind: "colors", argument: () => 0, apply };
}

/** An operation by whole numbers, from the strength in [0, 1]. */
function counted(
  argument: (strength: number) => number,
  apply: (pixels: Pixels, argument: number) => Pixels,
): ColorOperation {
  return {
    kind: "colors",
    argument: (magnitude) => argument(share(magnitude)),
    apply: (pixels, _size, found) => apply(pixels, found),
  };
}

/** An enhancement by a factor on either side of 1, never below 0.1. */
function enhancement(
  apply: (pixels: Pixels, factor: number, size: number) => Pixels,
): ColorOperation {
  return {
    kind: "colors",
    argument: (magnitude, sign) => Math.max(0.1, 1 + sign * (share(magnitude) * 0.9)),
    apply: (pixels, size, factor) => apply(pixels, factor, size),
  };
}

/** A move to either side, by no more than a most. */
function move(most: number, apply: MoveOperation["apply"]): MoveOperation {
  return {
    kind: "moves",
    argument: (magnitude, sign) => sign * (share(magnitude) * most),
    apply,
  };
}

/** A move by an affine map. */
function affineMove(most: number, map: (argument: number, size: number) => Affine): MoveOperation {
  return move(
    most,
    (image, size, argument, options) => transformImage(image, size, map(argument, size), options),
  );
}

/** Most degrees of a rotation, most of a shear, and most of a shift as a share of the view. */
const [DEGREES, SHEAR, SHIFT] = [30, 0.3, 0.45];

/** Name of an operation. */
export type RandAugmentName =
  | ("autoContrast" | "equalize" | "invert" | "rotate" | "posterize" | "solarize" | "solarizeAdd")
  | ("color" | "contrast" | "brightness" | "sharpness")
  | ("shearX" | "shearY" | "translateX" | "translateY");

/** The operations by name, in timm's order. */
export const RAND_AUGMENT_OPERATIONS: Readonly<Record<RandAugmentName, RandAugmentOperation>> = {
  autoContrast: plain(autoContrast),
  equalize: plain(equalize),
  invert: plain(invert),
  rotate: move(DEGREES, rotateImage),
  // Of the 8 bits of a level 4 at most are kept, and none by the largest magnitude, as of old: Pillow 13 refuses 0.
  posterize: counted((strength) => 4 - Math.trunc(strength * 4), posterize),
  solarize: counted((strength) => 256 - Math.min(256, Math.trunc(strength * 256)), solarizeLevels),
  solarizeAdd: counted((strength) => Math.min(128, Math.trunc(strength * 110)), brightenDark),
  color: enhancement(enhanceColor),
  contrast: enhancement(enhanceContrast),
  brightness: enhancement(enhanceBrightness),
  sharpness: enhancement(enhanceSharpness),
  shearX: affineMove(SHEAR, (factor) => [1, factor, 0, 0, 1, 0]),
  shearY: affineMove(SHEAR, (factor) => [1, 0, 0, factor, 1, 0]),
  translateX: affineMove(SHIFT, (part, size) => [1, 0, part * size, 0, 1, 0]),
  translateY: affineMove(SHIFT, (part, size) => [1, 0, 0, 0, 1, part * size]),
};
