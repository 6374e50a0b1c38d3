/**
 * What operators have in common that reach over all processes of a graph.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { DType } from "../graph/dtype.ts";
import type { TensorType } from "../graph/tensor.ts";

/** Domain of operators that ONNX Runtime does not have: it calls this library for them, see `HostOperator`. */
export const HOST_DOMAIN = "genview";

/** Element types that pass between processes. */
const DTYPES: ReadonlySet<DType> = new Set(["float32", "float64", "int64"]);

/** How many processes take part. */
export interface RankAttributes {
  /** At least 2. */
  readonly ranks: number;
}

/** Refuses what does not pass between processes. */
export function checkShared({ dtype }: TensorType): void {
  if (DTYPES.has(dtype)) return;
  throw new GenviewTypeError(
    `elements that pass between processes must be ${[...DTYPES].join(", ")}, found ${dtype}`,
  );
}

/** The rows of a tensor, of which it must have an axis. */
export function rowsOf({ shape }: TensorType): number {
  const [rows] = shape;
  if (rows !== undefined) return rows;
  throw new GenviewRangeError("there must be an axis of rows, found a scalar");
}

/** The type of one process's part of a tensor's rows. */
export function inferPart(x: TensorType, { ranks }: RankAttributes): TensorType {
  checkShared(x);
  const rows = rowsOf(x);
  if (rows % ranks !== 0) {
    throw new GenviewRangeError(`${ranks} processes must divide the rows, found ${rows}`);
  }
  return { dtype: x.dtype, shape: x.shape.with(0, rows / ranks) };
}
