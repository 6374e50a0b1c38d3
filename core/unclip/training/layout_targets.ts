/**
 * The layout of images: what is where in them, and of what colour, as small pictures.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { type CutterOptions, ImageCutter } from "./image_cutter.ts";

/** How layouts are found. */
export interface LayoutTargetsOptions extends CutterOptions {
  /** Height and width of a layout, in pixels. */
  readonly side: number;
  /** Times that each rendered image is drawn; what its draws differ in, such as backgrounds, averages out. */
  readonly draws: number;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
  /** Called after each batch with how many images are done, over all draws, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Layouts of a data set's images. */
export interface LayoutTargets {
  /**
   * A row for each image, `[n, 3 · side²]`: its mean layout less that of all images, in units in which the mean square of all is 1;
   * zeros of an image that cannot be read.
   */
  readonly values: Tensor<"float32">;
  /** Whether an image has a layout, by index. */
  isKnown(row: number): boolean;
}

/** Images that are read together. */
const READ_TOGETHER = 64;

/**
 * The layouts of a data set's images, each the mean over its draws.
 *
 * @throws {TypeError} if no image can be read, or all are alike
 */
export async function layoutTargets(
  dataset: Dataset,
  { side, draws, signal, onProgress, ...reading }: LayoutTargetsOptions,
): Promise<LayoutTargets> {
  const cutter = new ImageCutter(dataset, reading);
  const width = 3 * side * side;
  const sums = new Float64Array(dataset.length * width);
  const times = new Uint32Array(dataset.length);
  const all = Array.from({ length: dataset.length }, (_, row) => row);
  // What lies in a file is the same in each draw.
  const rendered = all.filter((row) => dataset.sample(row).source.kind === "rendered");
  const total = all.length + (draws - 1) * rendered.length;
  let done = 0;
  for (let draw = 0; draw < draws; draw++) {
    const drawn = draw === 0 ? all : rendered;
    for (let first = 0; first < drawn.length; first += READ_TOGETHER) {
      signal?.throwIfAborted();
      const rows = drawn.slice(first, first + READ_TOGETHER);
      const { indices, images: [images] } = await cutter.cut(rows, draw, [side]);
      indices.forEach((row, i) => {
        times[row]!++;
        for (let j = 0; j < width; j++) sums[row * width + j]! += images!.data[i * width + j]!;
      });
      onProgress?.(done += rows.length, total);
    }
  }
  const known = [...times.keys()].filter((row) => times[row]! > 0);
  const mean = new Float64Array(width);
  for (const row of known) {
    for (let j = 0; j < width; j++) {
      sums[row * width + j]! /= times[row]!;
      mean[j]! += sums[row * width + j]! / known.length;
    }
  }
  let squares = 0;
  for (const row of known) {
    for (let j = 0; j < width; j++) squares += (sums[row * width + j]! -= mean[j]!) ** 2;
  }
  if (!(squares > 0)) {
    throw new GenviewTypeError(
      `Cannot find the layouts of ${dataset.name}: images must differ, found ${known.length} that can be read, all alike`,
    );
  }
  const unit = Math.sqrt(squares / (known.length * width));
  const values = Float32Array.from(sums, (value) => value / unit);
  return {
    values: tensor("float32", [dataset.length, width], values),
    isKnown: (row) => times[row]! > 0,
  };
}
