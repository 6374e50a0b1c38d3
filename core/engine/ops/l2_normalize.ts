import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { div } from "./div.ts";
import { greater } from "./greater.ts";
import { maximum } from "./maximum.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { sqrt } from "./sqrt.ts";
import { sub } from "./sub.ts";
import { where } from "./where.ts";

/** Options of {@linkcode l2Normalize}. */
export interface L2NormalizeOptions {
  /** Axis of the vectors (default the last). */
  readonly axis?: number;
  /** Smallest norm that is divided by (default 1e-12). */
  readonly epsilon?: number;
}

type L2NormalizeAttributes = Required<L2NormalizeOptions>;

const L2Normalize = defineComposite({
  type: "L2Normalize",
  inputs: ["x"],
  outputs: ["y", "norm"],
  expand: ({ x }, { axis, epsilon }: L2NormalizeAttributes) => {
    const norm = sqrt(reduceSum(mul(x, x), { axis, keepDims: true }));
    return { y: div(x, maximum(norm, epsilon)), norm };
  },
  // dx = (dy - y sum(y dy)) / n; below epsilon the divisor is constant, so that the second term is 0
  gradient: ({ y, norm, dy }, { axis, epsilon }) => {
    const along = reduceSum(mul(dy, y), { axis, keepDims: true });
    const radial = where(greater(norm, epsilon), along, 0);
    return { x: div(sub(dy, mul(y, radial)), maximum(norm, epsilon)) };
  },
});

/** Vectors along an axis divided by their Euclidean norm, as `torch.nn.functional.normalize`. */
export function l2Normalize(x: Value, options: L2NormalizeOptions = {}): Value {
  const { axis = -1, epsilon = 1e-12 } = options;
  return L2Normalize({ x }, { axis: axisOf("L2Normalize", x, axis), epsilon }).y;
}
