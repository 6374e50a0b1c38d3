import { GenviewRangeError } from "../../errors/mod.ts";
import { applying } from "../graph/op.ts";
import { broadcastShapes, sameShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { cast } from "./cast.ts";
import { greaterOrEqual } from "./greater_or_equal.ts";
import { mul } from "./mul.ts";

/**
 * Sets elements to zero at random and scales the others up, so that the expectation stays.
 *
 * Source: Srivastava et al. 2014, "Dropout", section 10, scaled when training.
 *
 * @param uniform random numbers of [0, 1), an input of the graph; where they are below the rate, x is dropped. A shape
 * that stretches to x's drops whole parts: `[N, 1, 1]` whole samples
 * @param rate probability of a zero, in [0, 1)
 * @throws {RangeError} if the rate or the shapes do not fit
 */
export function dropout(x: Value, uniform: Value, rate: number): Value {
  applying("Dropout", { x, uniform }, () => {
    if (!(rate >= 0 && rate < 1)) {
      throw new GenviewRangeError(`rate must be in [0, 1), found ${rate}`);
    }
    if (!sameShape(broadcastShapes(x.shape, uniform.shape), x.shape)) {
      throw new GenviewRangeError("the random numbers must stretch to x");
    }
  });
  if (rate === 0) return x;
  return mul(x, mul(cast(greaterOrEqual(uniform, rate), x.dtype), 1 / (1 - rate)));
}
