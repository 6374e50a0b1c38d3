/**
 * Grids of images with labels: views, masks, generated variations.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { Buffer } from "node:buffer";
import { sharp } from "../deps/sharp.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import { escapeMarkup } from "./markup.ts";
import { textWidth, wrapText } from "./text_width.ts";
import { FADED_INK, FONT, FONT_SIZE, INK, LINE_HEIGHT, NEUTRAL_INK, PAPER } from "./theme.ts";

/** What a grid of images shows. */
export interface ImageGrid {
  /** Row by row; [height, width, channels] of 1, 3 or 4 channels, of any sizes. */
  readonly images: readonly Tensor<"uint8">[];
  /** Images in a row. */
  readonly columns: number;
  /** Above each column. */
  readonly columnLabels?: readonly string[];
  /** At the left of each row. */
  readonly rowLabels?: readonly string[];
  /** Below each image. */
  readonly captions?: readonly string[];
  /** Size of the images in the figure, relative to their own; 1 by default. Whole numbers keep pixels sharp. */
  readonly scale?: number;
  /**
   * Whether it has white paper (default true). Without, it is transparent between its images, and its texts have a gray
   * that stands out from light and dark pages alike.
   */
  readonly paper?: boolean;
}

interface Layout {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly columnLabels: readonly (readonly string[])[];
  readonly rowLabels: readonly (readonly string[])[];
  readonly captions: readonly (readonly string[])[];
  readonly left: number;
  readonly top: number;
  readonly rowHeight: number;
  readonly width: number;
  readonly height: number;
}

/** A picture at a place on the canvas, in pixels. */
interface Overlay {
  readonly input: Buffer;
  readonly left: number;
  readonly top: number;
}

/** Where an image lies in the picture of a grid, in pixels. */
export interface GridPlace {
  /** From the left edge. */
  readonly left: number;
  /** From the upper edge. */
  readonly top: number;
  /** How wide it is there. */
  readonly width: number;
  /** How high it is there. */
  readonly height: number;
}

/** Where an image lies, in units of the figure. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const MARGIN = 12;
const GAP = 6;
const ROW_LABEL_WIDTH = 120;
/** Narrow images, such as 32 by 32, still get captions of some words. */
const LEAST_CELL_WIDTH = 48;
const PIXEL_RATIO = 2;
/** Around each image, so that a white one stands out from the paper and a black one from a dark page. */
const BORDER = 1;
const PIXELS_PER_INCH = 96;

function checkCount(what: string, found: number, wanted: number): void {
  if (found === wanted || found === 0) return;
  throw new GenviewRangeError(
    `Cannot draw an image grid: it must have ${wanted} ${what}, found ${found}`,
  );
}

function checkGrid({ images, columns, columnLabels, rowLabels, captions }: ImageGrid): void {
  if (images.length === 0 || !Number.isInteger(columns) || columns < 1) {
    throw new GenviewRangeError(
      `Cannot draw an image grid: it must have images in columns, found ${images.length} in ${columns}`,
    );
  }
  images.forEach((image, i) => {
    const [height = 0, width = 0, channels = 0] = image.shape;
    const isImage = image.shape.length === 3 && height * width > 0 && [1, 3, 4].includes(channels);
    if (image.dtype === "uint8" && isImage) return;
    throw new GenviewTypeError(
      `Cannot draw image ${i} of a grid: it must be uint8 of [height, width, 1, 3 or 4], found ${
        formatType(image)
      }`,
    );
  });
  checkCount("column labels", columnLabels?.length ?? 0, columns);
  checkCount("row labels", rowLabels?.length ?? 0, Math.ceil(images.length / columns));
  checkCount("captions", captions?.length ?? 0, images.length);
}

function heightOf(texts: readonly (readonly string[])[]): number {
  const lines = Math.max(0, ...texts.map(({ length }) => length));
  return lines === 0 ? 0 : lines * LINE_HEIGHT + GAP;
}

function layoutOf(grid: ImageGrid): Layout {
  const { images, columns, scale = 1 } = grid;
  const largest = (axis: number) => Math.max(...images.map(({ shape }) => shape[axis]!));
  const cellWidth = Math.max(Math.round(largest(1) * scale), LEAST_CELL_WIDTH);
  const cellHeight = Math.round(largest(0) * scale);
  const wrap = (texts: readonly string[] | undefined, width: number) =>
    (texts ?? []).map((text) => wrapText(text, FONT_SIZE, width));
  const columnLabels = wrap(grid.columnLabels, cellWidth);
  const rowLabels = wrap(grid.rowLabels, ROW_LABEL_WIDTH);
  const captions = wrap(grid.captions, cellWidth);
  const rows = Math.ceil(images.length / columns);
  const widths = rowLabels.flat().map((line) => textWidth(line, FONT_SIZE) + 2 * GAP);
  const left = MARGIN + Math.ceil(Math.max(0, ...widths));
  const top = MARGIN + heightOf(columnLabels);
  const rowHeight = cellHeight + heightOf(captions) + GAP;
  return {
    ...{ columns, rows, cellWidth, cellHeight, columnLabels, rowLabels, captions, left, top },
    rowHeight,
    width: left + columns * (cellWidth + GAP) - GAP + MARGIN,
    height: top + rows * rowHeight - GAP + MARGIN,
  };
}

/** The upper left corner of a cell. */
function cornerOf(i: number, layout: Layout): { x: number; y: number } {
  const { left, top, cellWidth, rowHeight, columns } = layout;
  return {
    x: left + (i % columns) * (cellWidth + GAP),
    y: top + Math.floor(i / columns) * rowHeight,
  };
}

/** Lines of text whose first one's baseline is at `y`. */
function textMarkup(
  lines: readonly string[],
  at: { readonly x: number; readonly y: number },
  anchor: "middle" | "end",
  color: string,
): string {
  const spans = lines.map((line, i) =>
    `<tspan x="${at.x}" y="${at.y + i * LINE_HEIGHT}">${escapeMarkup(line)}</tspan>`
  );
  return `<text text-anchor="${anchor}" fill="${color}">${spans.join("")}</text>`;
}

/** All texts of a grid and the borders of its images as one SVG file of its size. */
function drawingOf(layout: Layout, boxes: readonly Box[], paper: boolean): string {
  const [ink, faded] = paper ? [INK, FADED_INK] : [NEUTRAL_INK, NEUTRAL_INK];
  const { width, height, cellWidth, cellHeight, columnLabels, rowLabels, captions } = layout;
  const middle = (x: number) => x + cellWidth / 2;
  const texts = [
    ...columnLabels.map((lines, i) => {
      const y = layout.top - GAP - 3 - (lines.length - 1) * LINE_HEIGHT;
      return textMarkup(lines, { x: middle(cornerOf(i, layout).x), y }, "middle", ink);
    }),
    ...rowLabels.map((lines, row) => {
      const { y } = cornerOf(row * layout.columns, layout);
      const first = y + cellHeight / 2 + 4 - (lines.length - 1) * LINE_HEIGHT / 2;
      return textMarkup(lines, { x: layout.left - 2 * GAP, y: first }, "end", ink);
    }),
    ...captions.map((lines, i) => {
      const { x, y } = cornerOf(i, layout);
      return textMarkup(
        lines,
        { x: middle(x), y: y + cellHeight + LINE_HEIGHT },
        "middle",
        faded,
      );
    }),
  ];
  const borders = boxes.map(({ left, top, width, height }) =>
    `<rect x="${left - BORDER / 2}" y="${top - BORDER / 2}" width="${width + BORDER}" height="${
      height + BORDER
    }" fill="none" stroke="${FADED_INK}" stroke-opacity="0.55" stroke-width="${BORDER}"/>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width * PIXEL_RATIO}" height="${
    height * PIXEL_RATIO
  }" viewBox="0 0 ${width} ${height}" font-family="${
    escapeMarkup(FONT)
  }" font-size="${FONT_SIZE}">${borders.join("")}${texts.join("")}</svg>`;
}

/** Where an image lies in its cell, in the middle of it, in pixels of the picture. */
function placeOf({ shape }: Tensor<"uint8">, i: number, layout: Layout, scale: number): GridPlace {
  const [height, width] = shape as readonly [number, number, number];
  const factor = scale * PIXEL_RATIO;
  const size = {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  };
  const { x, y } = cornerOf(i, layout);
  return {
    left: Math.round(x * PIXEL_RATIO + (layout.cellWidth * PIXEL_RATIO - size.width) / 2),
    top: Math.round(y * PIXEL_RATIO + (layout.cellHeight * PIXEL_RATIO - size.height) / 2),
    ...size,
  };
}

/**
 * Where the images of a grid lie in the picture that {@linkcode imageGrid} draws of it, in its pixels and in their order.
 * With a whole or half number as the scale, each pixel of an image is a square of pixels there, and nothing of it is lost.
 *
 * @throws {RangeError} if there are no images, or labels of another number
 * @throws {TypeError} if a tensor is no image
 */
export function gridPlaces(grid: ImageGrid): GridPlace[] {
  checkGrid(grid);
  const layout = layoutOf(grid);
  return grid.images.map((image, i) => placeOf(image, i, layout, grid.scale ?? 1));
}

/** An image at its place. */
async function overlayOf(
  image: Tensor<"uint8">,
  i: number,
  layout: Layout,
  scale: number,
): Promise<{ overlay: Overlay; box: Box }> {
  const [height, width, channels] = image.shape as readonly [number, number, 1 | 3 | 4];
  const { left, top, ...size } = placeOf(image, i, layout, scale);
  const kernel = Number.isInteger(scale * PIXEL_RATIO) ? "nearest" : "lanczos3";
  const input = await sharp(image.data, { raw: { height, width, channels } })
    .resize({ ...size, fit: "fill", kernel })
    .toColourspace("srgb")
    .png({ compressionLevel: 1 })
    .toBuffer();
  const units = (pixels: number) => pixels / PIXEL_RATIO;
  return {
    overlay: { input, left, top },
    box: {
      left: units(left),
      top: units(top),
      width: units(size.width),
      height: units(size.height),
    },
  };
}

/**
 * Draws images in a grid, each with a border, as the bytes of a PNG file of two pixels to a unit, which states its resolution.
 *
 * @throws {RangeError} if there are no images, or labels of another number
 * @throws {TypeError} if a tensor is no image
 */
export async function imageGrid(grid: ImageGrid): Promise<Uint8Array<ArrayBuffer>> {
  checkGrid(grid);
  const { paper = true } = grid;
  const layout = layoutOf(grid);
  const overlays: Overlay[] = [];
  const boxes: Box[] = [];
  for (const [i, image] of grid.images.entries()) {
    const { overlay, box } = await overlayOf(image, i, layout, grid.scale ?? 1);
    overlays.push(overlay);
    boxes.push(box);
  }
  overlays.push({ input: Buffer.from(drawingOf(layout, boxes, paper)), left: 0, top: 0 });
  const canvas = sharp({
    create: {
      width: layout.width * PIXEL_RATIO,
      height: layout.height * PIXEL_RATIO,
      channels: paper ? 3 : 4,
      background: paper ? PAPER : { r: 0, g: 0, b: 0, alpha: 0 },
    },
  });
  const png = canvas.composite(overlays)
    .withMetadata({ density: PIXELS_PER_INCH * PIXEL_RATIO })
    .png();
  return new Uint8Array(await png.toBuffer());
}
