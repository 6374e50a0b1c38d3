import { GenviewRangeError } from "../../errors/mod.ts";
import { formatType } from "../graph/tensor.ts";
import type { Initializer } from "./initializers.ts";

/** Rows and columns of a grid of patches. */
export interface PatchGrid {
  /** Patches from top to bottom. */
  readonly rows: number;
  /** Patches from left to right. */
  readonly columns: number;
}

/** Base of the wavelengths (Vaswani et al. 2017, section 3.5). */
const TEMPERATURE = 10000;

/** Writes sine and cosine of a coordinate at every frequency: `[sin(p w), cos(p w)]`. */
function writeCoordinate(
  target: Float32Array,
  start: number,
  position: number,
  bands: number,
): void {
  for (let band = 0; band < bands; band++) {
    const angle = position / TEMPERATURE ** (band / bands);
    target[start + band] = Math.sin(angle);
    target[start + bands + band] = Math.cos(angle);
  }
}

/**
 * Fixed two-dimensional sine-cosine position embedding of MoCo v3 (Chen et al. 2021; `vits.py` of the reference
 * implementation), for `[1, tokens, width]`: a row of zeros for the class token, then one row per patch with its column
 * in the first half and its row in the second. The reference fills patches column by column, unlike the row by row of
 * the patch embedding; trained weights expect this order, so it is kept.
 *
 * @throws {RangeError} if the width is not a multiple of 4, or the tokens are not the grid's and the class token
 */
export function sineCosinePositions({ rows, columns }: PatchGrid): Initializer {
  return (shape) => {
    const [, tokens, width] = shape as [number, number, number];
    if (width % 4 !== 0 || tokens !== rows * columns + 1) {
      throw new GenviewRangeError(
        `Cannot embed positions: they must be [1,${
          rows * columns + 1
        },width] with a width that 4 ` +
          `divides, found ${formatType({ dtype: "float32", shape })}`,
      );
    }
    const table = new Float32Array(tokens * width);
    let start = width;
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows; row++) {
        writeCoordinate(table, start, column, width / 4);
        writeCoordinate(table, start + width / 2, row, width / 4);
        start += width;
      }
    }
    return table;
  };
}
