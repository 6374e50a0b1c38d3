import type { DType } from "../graph/dtype.ts";
import { int64 } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { cast } from "./cast.ts";
import { equal } from "./equal.ts";
import { unsqueeze } from "./unsqueeze.ts";

/** Options of {@linkcode oneHot}. */
export interface OneHotOptions {
  /** Element type of the result (default float32). */
  readonly dtype?: DType;
}

/**
 * For each index a row of zeros with a one at its place, `[..., depth]`; all zeros for an index outside [0, depth).
 * By a comparison, which is faster than ONNX Runtime's OneHot.
 *
 * @param indices int64
 */
export function oneHot(indices: Value, depth: number, options: OneHotOptions = {}): Value {
  const places = constant(int64([depth], Array.from({ length: depth }, (_, place) => place)));
  return cast(equal(unsqueeze(indices, [-1]), places), options.dtype ?? "float32");
}
