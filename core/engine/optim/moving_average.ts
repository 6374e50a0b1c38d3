/**
 * Exponential moving averages of parameters.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { sub } from "../ops/sub.ts";
import { times } from "./_times.ts";

/**
 * The next value of a moving average: `(1 - r) average + r value`, in 3 passes.
 *
 * @param rate the share r of the new value, a scalar: 1 makes an exact copy of it. It is 1 less the momentum of a
 * momentum encoder (MoCo, BYOL), and what mmengine and batch normalisation in PyTorch call momentum.
 */
export function movingAverage(average: Value, value: Value, rate: Value): Value {
  // Not average + r (value - average): in floating point that is not the value itself when r is 1.
  return add(times(average, sub(1, rate)), times(value, rate));
}
