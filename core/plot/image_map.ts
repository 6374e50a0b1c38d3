/**
 * Maps of images: each at its place in a plane, in the place of a point.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { sharp } from "../deps/sharp.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { NEUTRAL_INK } from "./theme.ts";

/** What a map of images shows. */
export interface ImageMap {
  /** [height, width, channels] of 1, 3 or 4 channels, of any sizes. */
  readonly images: readonly Tensor<"uint8">[];
  /** Place of each image, float32 `[N,2]`, in units of any size; a unit is as long along both axes. */
  readonly points: Tensor<"float32">;
  /** Pixels of the longer side of the map (default 720). */
  readonly size?: number;
  /** Pixels of the longer side of an image (default 22). */
  readonly imageSize?: number;
  /**
   * Which share of an image's size its middle keeps from those of images that are drawn before it, in [0, 1] (default
   * 0.5). An image that is closer is a dot below them.
   */
  readonly spacing?: number;
}

/** A place on the canvas, in pixels of the figure. */
interface Place {
  readonly x: number;
  readonly y: number;
}

const DEFAULT_SIZE = 720;
const DEFAULT_IMAGE_SIZE = 22;
const DEFAULT_SPACING = 0.5;
const PIXEL_RATIO = 2;
const PIXELS_PER_INCH = 96;
const DOT_RADIUS = 1.5;

function checkMap({ images, points }: ImageMap): void {
  const [count, coordinates] = points.shape;
  if (images.length === 0 || points.shape.length !== 2 || coordinates !== 2) {
    throw new GenviewRangeError(
      `Cannot draw a map of images: it must have images and a point [N,2] for each, found ${images.length} images ` +
        `and ${formatType(points)}`,
    );
  }
  if (count !== images.length || !points.data.every(Number.isFinite)) {
    throw new GenviewRangeError(
      `Cannot draw a map of images: each must have a point of finite numbers, found ${images.length} images and ` +
        `${count} points${count === images.length ? ", not all finite" : ""}`,
    );
  }
  images.forEach((image, i) => {
    const [height = 0, width = 0, channels = 0] = image.shape;
    if (image.shape.length === 3 && height * width > 0 && [1, 3, 4].includes(channels)) return;
    throw new GenviewTypeError(
      `Cannot draw image ${i} of a map: it must be uint8 of [height, width, 1, 3 or 4], found ${
        formatType(image)
      }`,
    );
  });
}

/** Where images lie on the canvas, and its size; the longer side of the map is that of the canvas. */
function layOut(
  { points: { data }, size = DEFAULT_SIZE, imageSize = DEFAULT_IMAGE_SIZE }: ImageMap,
): { readonly places: Place[]; readonly width: number; readonly height: number } {
  const range = (axis: number) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = axis; i < data.length; i += 2) {
      low = Math.min(low, data[i]!);
      high = Math.max(high, data[i]!);
    }
    return { low, extent: high - low };
  };
  const [x, y] = [range(0), range(1)];
  const longest = Math.max(x.extent, y.extent);
  const scale = longest > 0 ? (size - imageSize) / longest : 0;
  return {
    places: Array.from({ length: data.length / 2 }, (_, i) => ({
      x: imageSize / 2 + (data[2 * i]! - x.low) * scale,
      // Up, as in a chart.
      y: imageSize / 2 + (y.low + y.extent - data[2 * i + 1]!) * scale,
    })),
    width: Math.ceil(x.extent * scale + imageSize),
    height: Math.ceil(y.extent * scale + imageSize),
  };
}

/** Which images are drawn: in their order those that keep a distance from all that are drawn before. */
function drawnOf(places: readonly Place[], least: number): boolean[] {
  const drawn: Place[] = [];
  return places.map((place) => {
    if (drawn.some(({ x, y }) => Math.hypot(x - place.x, y - place.y) < least)) return false;
    drawn.push(place);
    return true;
  });
}

async function overlayOf(image: Tensor<"uint8">, { x, y }: Place, imageSize: number) {
  const [height, width, channels] = image.shape as readonly [number, number, 1 | 3 | 4];
  const side = imageSize * PIXEL_RATIO;
  const { data, info } = await sharp(image.data, { raw: { height, width, channels } })
    .resize({ width: side, height: side, fit: "inside" })
    .toColourspace("srgb")
    .png({ compressionLevel: 1 })
    .toBuffer({ resolveWithObject: true });
  return {
    input: data,
    left: Math.round(x * PIXEL_RATIO - info.width / 2),
    top: Math.round(y * PIXEL_RATIO - info.height / 2),
  };
}

/**
 * Draws images at their places in a plane, as the bytes of a PNG file of two pixels to a unit, which states its
 * resolution. It is transparent between the images. Those that others would cover are dots, so give first what is to be
 * seen in any case.
 *
 * @throws {RangeError} if there are no images, or not a point of finite numbers for each
 * @throws {TypeError} if a tensor is no image
 */
export async function imageMap(map: ImageMap): Promise<Uint8Array<ArrayBuffer>> {
  checkMap(map);
  const { images, imageSize = DEFAULT_IMAGE_SIZE, spacing = DEFAULT_SPACING } = map;
  const { places, width, height } = layOut(map);
  const isDrawn = drawnOf(places, spacing * imageSize);
  const dots = places.filter((_, i) => !isDrawn[i]).map(({ x, y }) =>
    `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${DOT_RADIUS}"/>`
  );
  const size = { width: width * PIXEL_RATIO, height: height * PIXEL_RATIO };
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" ` +
    `viewBox="0 0 ${width} ${height}" fill="${NEUTRAL_INK}">${dots.join("")}</svg>`;
  const overlays = [{ input: Buffer.from(svg), left: 0, top: 0 }];
  for (const [i, image] of images.entries()) {
    if (isDrawn[i]) overlays.push(await overlayOf(image, places[i]!, imageSize));
  }
  const transparent = { r: 0, g: 0, b: 0, alpha: 0 };
  const png = sharp({ create: { ...size, channels: 4, background: transparent } })
    .composite(overlays)
    .withMetadata({ density: PIXELS_PER_INCH * PIXEL_RATIO })
    .png();
  return new Uint8Array(await png.toBuffer());
}
