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
 * The next value of a moving average: `(1 - m) average + m value`, in 3 passes.
 *
 * @param momentum the weight m of the new value, a scalar, as mmengine counts it: 1 makes an exact copy of it
 */
export function movingAverage(average: Value, value: Value, momentum: Value): Value {
  // Not average + m (value - average): in floating point that is not the value itself when m is 1.
  return add(times(average, sub(1, momentum)), times(value, momentum));
}
