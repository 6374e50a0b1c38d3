/**
 * How well masks agree with true foregrounds.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { RandomStream } from "../engine/random/random_stream.ts";
import type { Grid } from "./orientation.ts";

/** Agreement of masks with the truth, over N images. */
export interface MaskQuality {
  /** Mean over the images of |M ∩ T| / |M ∪ T|; 1 where both are empty. */
  readonly intersectionOverUnion: number;
  /** Pearson's correlation of the masks' ratios with the true ones, in [-1, 1]; 0 where either does not vary. */
  readonly ratioCorrelation: number;
}

/** The masks of a method, and baselines that ignore the images. */
export interface MaskComparison {
  /** The method's own. */
  readonly masks: MaskQuality;
  /** Each token foreground by chance, as often as in the masks. */
  readonly random: MaskQuality;
  /** A square in the middle, of as many tokens as the masks have on average. */
  readonly centerSquare: MaskQuality;
}

function checkPair(masks: Tensor<"uint8">, truth: Tensor<"float32">): void {
  if (masks.shape.length === 2 && String(masks.shape) === String(truth.shape)) return;
  throw new GenviewRangeError(
    `Cannot compare masks with the truth: both must be of [images, tokens], found ${
      formatType(masks)
    } and ${formatType(truth)}`,
  );
}

/**
 * True masks of pixels as the share of each token's patch that is foreground.
 *
 * @param masks uint8 `[N, size, size]`, 255 in the foreground, such as a loader cuts along with the images
 * @returns float32 `[N, rows · columns]`, in [0, 1]
 * @throws {RangeError} if the grid does not tile the masks
 */
export function maskPatches(masks: Tensor<"uint8">, [rows, columns]: Grid): Tensor<"float32"> {
  const [images = 0, height = 0, width = 0] = masks.shape;
  if (masks.shape.length !== 3 || height % rows !== 0 || width % columns !== 0) {
    throw new GenviewRangeError(
      `Cannot cut masks ${formatType(masks)} into ${rows} x ${columns} patches: they must tile it`,
    );
  }
  const [patchHeight, patchWidth] = [height / rows, width / columns];
  const shares = new Float64Array(images * rows * columns);
  masks.data.forEach((value, i) => {
    const column = Math.floor(i % width / patchWidth);
    const row = Math.floor(Math.floor(i / width) % height / patchHeight);
    const image = Math.floor(i / (width * height));
    shares[(image * rows + row) * columns + column]! += value;
  });
  const full = 255 * patchHeight * patchWidth;
  const data = Float32Array.from(shares, (sum) => sum / full);
  return tensor("float32", [images, rows * columns], data);
}

/** Pearson's correlation; 0 where either side does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i]! - meanA, b[i]! - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/**
 * Compares masks with the truth. A token is truly foreground where at least half of its patch is; the true ratio is the
 * share of all pixels.
 *
 * @param masks uint8 `[N, P]`, 0 or 1
 * @param truth float32 `[N, P]`, the share of each patch that is foreground
 * @throws {RangeError} if the shapes differ
 */
export function maskQuality(masks: Tensor<"uint8">, truth: Tensor<"float32">): MaskQuality {
  checkPair(masks, truth);
  const [images = 0, tokens = 0] = masks.shape;
  const [found, actual] = [new Float64Array(images), new Float64Array(images)];
  let overlaps = 0;
  for (let image = 0; image < images; image++) {
    let [both, either] = [0, 0];
    for (let i = image * tokens; i < (image + 1) * tokens; i++) {
      const [mask, isTrue] = [masks.data[i]!, Number(truth.data[i]! >= 0.5)];
      both += mask & isTrue;
      either += mask | isTrue;
      found[image]! += mask / tokens;
      actual[image]! += truth.data[i]! / tokens;
    }
    overlaps += either === 0 ? 1 : both / either;
  }
  return {
    intersectionOverUnion: overlaps / images,
    ratioCorrelation: correlation(found, actual),
  };
}

/** Masks that are foreground in a square, of a side of √(share · tokens), in the middle of the grid. */
export function centerSquareMasks(
  images: number,
  [rows, columns]: Grid,
  share: number,
): Tensor<"uint8"> {
  const height = Math.min(rows, Math.round(rows * Math.sqrt(share)));
  const width = Math.min(columns, Math.round(columns * Math.sqrt(share)));
  const [top, left] = [Math.floor((rows - height) / 2), Math.floor((columns - width) / 2)];
  const data = Uint8Array.from({ length: images * rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    return Number(row >= top && row < top + height && column >= left && column < left + width);
  });
  return tensor("uint8", [images, rows * columns], data);
}

/** Masks that are foreground by chance, each token with this probability. */
export function randomMasks(
  images: number,
  [rows, columns]: Grid,
  share: number,
  seed = 0,
): Tensor<"uint8"> {
  const random = new RandomStream(seed, "random masks");
  const data = Uint8Array.from(
    { length: images * rows * columns },
    () => Number(random.chance(share)),
  );
  return tensor("uint8", [images, rows * columns], data);
}

/**
 * Compares masks with the ground truth, and with baselines that ignore the images: only what is above both of
 * those was seen in the pictures.
 *
 * @param masks uint8 `[N, rows · columns]`, 0 or 1
 * @param truth uint8 `[N, size, size]`, 255 in the foreground
 * @param seed of the random masks
 * @throws {RangeError} if shapes do not fit
 */
export function compareMasks(
  masks: Tensor<"uint8">,
  truth: Tensor<"uint8">,
  grid: Grid,
  seed = 0,
): MaskComparison {
  const patches = maskPatches(truth, grid);
  checkPair(masks, patches);
  const images = masks.shape[0]!;
  const share = masks.data.reduce((sum, value) => sum + value, 0) / masks.data.length;
  return {
    masks: maskQuality(masks, patches),
    random: maskQuality(randomMasks(images, grid, share, seed), patches),
    centerSquare: maskQuality(centerSquareMasks(images, grid, share), patches),
  };
}
