/**
 * Position embeddings of vision transformers for other image sizes than those that they are parameters for.
 *
 * @module
 */
import { realAxisWeights } from "../data/geometry/axis_weights.ts";
import { elementCount, type Shape } from "../engine/graph/shape.ts";
import { float32, type Tensor } from "../engine/graph/tensor.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import type { PatchGrid } from "../engine/nn/sine_cosine_positions.ts";
import { cast } from "../engine/ops/cast.ts";
import { concat } from "../engine/ops/concat.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { slice } from "../engine/ops/slice.ts";

/** Weights by which an axis of `size` positions is made from one of `length`: float64 `[size, length]`. */
function axisMatrix(length: number, size: number): Float64Array {
  const axis = { length, from: 0, to: length, size, first: 0, count: size };
  const { starts, taps, weights, stride } = realAxisWeights(axis, "bicubic");
  const matrix = new Float64Array(size * length);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < taps[i]!; k++) {
      matrix[i * length + starts[i]! + k] = weights[i * stride + k]!;
    }
  }
  return matrix;
}

/**
 * The matrix float32 `[to, from]` by which a grid of positions, row by row, is resampled to another: bicubic with
 * antialiasing.
 *
 * Source: timm, `layers/pos_embed.py`, `resample_abs_pos_embed`; PyTorch, `interpolate` with `antialias`.
 */
export function positionMatrix(from: PatchGrid, to: PatchGrid): Tensor<"float32"> {
  const down = axisMatrix(from.rows, to.rows);
  const across = axisMatrix(from.columns, to.columns);
  const patches = from.rows * from.columns;
  const matrix = float32(
    [to.rows * to.columns, patches],
    new Float32Array(to.rows * to.columns * patches),
  );
  let at = 0;
  for (let row = 0; row < to.rows; row++) {
    for (let column = 0; column < to.columns; column++) {
      for (let above = 0; above < from.rows; above++) {
        const weight = down[row * from.rows + above]!;
        for (let left = 0; left < from.columns; left++) {
          matrix.data[at++] = weight * across[column * from.columns + left]!;
        }
      }
    }
  }
  return matrix;
}

/** The square grid that a table of positions is for, and the class token; undefined if it is for no square. */
export function squareGrid(shape: Shape): PatchGrid | undefined {
  const side = Math.sqrt((shape[1] ?? 0) - 1);
  return shape.length === 3 && Number.isInteger(side) ? { rows: side, columns: side } : undefined;
}

/**
 * Positions of a file, for a square grid of patches, as those for another: what {@linkcode resamplePositions} is to
 * graphs. Source: timm, `models/vision_transformer.py`, `checkpoint_filter_fn`.
 *
 * @param table `[1, 1 + from, width]`
 * @param shape `[1, 1 + to, width]`
 * @returns undefined if one of the grids is no square, or the widths differ
 */
export function resampledTable(
  table: Tensor<"float32">,
  shape: Shape,
): Tensor<"float32"> | undefined {
  const [from, to] = [squareGrid(table.shape), squareGrid(shape)];
  const width = shape[2]!;
  if (from === undefined || to === undefined || table.shape[2] !== width) return undefined;
  const { shape: [rows, columns], data: weights } = positionMatrix(from, to);
  const made = float32(shape, new Float32Array(elementCount(shape)));
  made.data.set(table.data.subarray(0, width));
  for (let row = 0; row < rows!; row++) {
    for (let feature = 0; feature < width; feature++) {
      let sum = 0;
      for (let column = 0; column < columns!; column++) {
        sum += weights[row * columns! + column]! * table.data[(column + 1) * width + feature]!;
      }
      made.data[(row + 1) * width + feature] = sum;
    }
  }
  return made;
}

/**
 * Positions for a grid of patches, resampled from a table for another grid. The gradient reaches the table: the map is
 * linear. As timm's, it computes in float32, whatever the table's type.
 *
 * @param table `[1, 1 + from, width]`: the class token's row, which stays as it is, and one for each patch
 * @returns `[1, 1 + to, width]`; the table itself where the grids are the same
 */
export function resamplePositions(table: Value, from: PatchGrid, to: PatchGrid): Value {
  if (from.rows === to.rows && from.columns === to.columns) return table;
  const [, tokens, width] = table.shape as [number, number, number];
  const token = slice(table, { starts: [0], ends: [1], axes: [1] });
  const patches = reshape(slice(table, { starts: [1], ends: [tokens], axes: [1] }), [
    tokens - 1,
    width,
  ]);
  const single = table.dtype === "float32" ? patches : cast(patches, "float32");
  const made = matMul(constant(positionMatrix(from, to)), single);
  const typed = table.dtype === "float32" ? made : cast(made, table.dtype);
  return concat([token, reshape(typed, [1, to.rows * to.columns, width])], { axis: 1 });
}
