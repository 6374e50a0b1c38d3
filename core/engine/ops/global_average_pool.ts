import { defineOp } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { checkFloat } from "./_floats.ts";
import { spatialShape } from "./_windows.ts";
import { expand } from "./expand.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";

const GlobalAveragePool = defineOp({
  type: "GlobalAveragePool",
  inputs: ["x"],
  outputs: ["y"],
  precision: "within",
  infer: ({ x }) => {
    checkFloat("x", x);
    const spatial = spatialShape("x", x.shape);
    return { y: { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...spatial.map(() => 1)] } };
  },
  // Every position counts once in the mean over them all.
  gradient: ({ x, dy }) => ({
    x: expand(mul(dy, 1 / elementCount(x.shape.slice(2))), x.shape),
  }),
});

/** Options of {@linkcode globalAveragePool}. */
export interface GlobalAveragePoolOptions {
  /** Whether the spatial axes stay, with length 1 (default false). */
  readonly keepDims?: boolean;
}

/**
 * Mean of each channel over all positions.
 *
 * @param x `[N, C, L]` or `[N, C, H, W]`
 * @returns `[N, C]`
 * @throws {RangeError} if `x` has another number of axes
 * @throws {TypeError} if it is no float
 */
export function globalAveragePool(x: Value, options: GlobalAveragePoolOptions = {}): Value {
  const { y } = GlobalAveragePool({ x }, {});
  return options.keepDims ? y : reshape(y, x.shape.slice(0, 2));
}
