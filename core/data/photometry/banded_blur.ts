/**
 * Blur by matrix products: along one axis it is a product with a banded matrix. The axis is cut into blocks of equal
 * length, so that the band is one small matrix that all blocks share, and few of the products are with zeros.
 *
 * @module
 */
import { int64 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { concat } from "../../engine/ops/concat.ts";
import { gather } from "../../engine/ops/gather.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { pad } from "../../engine/ops/pad.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { slice } from "../../engine/ops/slice.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import { gaussianWeights } from "./gaussian_weights.ts";
import { mirrored } from "./mirrored.ts";

/** Longest block of an axis: shorter ones repeat more of their borders, longer ones multiply more zeros. */
const LONGEST_BLOCK = 32;

/** The longest block that divides an axis; the whole axis if only tiny ones do. */
function blockLength(size: number): number {
  for (let block = LONGEST_BLOCK; block >= 8; block--) if (size % block === 0) return block;
  return size;
}

/** The band `[N,block,block+2r]`: row i weighs the pixels i to i + 2r of a block and its borders. */
function bandOf(sigma: Value, block: number, radius: number): Value {
  const distances = Array.from(
    { length: block },
    (_, row) => Array.from({ length: block + 2 * radius }, (_, column) => column - row - radius),
  );
  return gaussianWeights(sigma, distances, radius);
}

/** Blurs down the columns: rows are long, so they are gathered block by block. */
function blurColumns(images: Value, band: Value, radius: number): Value {
  const size = images.shape[2]!;
  const [count, block, reach] = band.shape as [number, number, number];
  const rows = Array.from(
    { length: size / block },
    (_, i) => Array.from({ length: reach }, (_, k) => mirrored(i * block + k - radius, size)),
  );
  const index = constant(int64([size / block, reach], rows.flat()));
  const weights = reshape(band, [count, 1, 1, block, reach]);
  return reshape(matMul(weights, gather(images, index, { axis: 2 })), images.shape);
}

/** Blurs along the rows: each block of columns, with its borders, is cut out of all rows at once. */
function blurRows(images: Value, band: Value, radius: number): Value {
  const [count, channels, height, size] = images.shape as [number, number, number, number];
  const block = band.shape[1]!;
  const padded = pad(images, [0, 0, 0, radius, 0, 0, 0, radius], { mode: "reflect" });
  const rows = reshape(padded, [count, channels * height, size + 2 * radius]);
  const weights = transpose(band, [0, 2, 1]);
  const parts = Array.from({ length: size / block }, (_, i) => {
    const start = i * block;
    const part = slice(rows, { starts: [start], ends: [start + block + 2 * radius], axes: [2] });
    return matMul(part, weights);
  });
  return reshape(concat(parts, { axis: 2 }), images.shape);
}

/** Blurs images `[N,3,S,S]` by standard deviations `[N]`, with a kernel of a radius below S. */
export function bandedBlur(images: Value, sigma: Value, radius: number): Value {
  const band = bandOf(sigma, blockLength(images.shape[2]!), radius);
  return blurRows(blurColumns(images, band, radius), band, radius);
}
