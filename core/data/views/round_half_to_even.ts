/**
 * Rounding as Python does it.
 *
 * @module
 */

/** The nearest integer, and of two that are equally near the even one: what Python's `round` gives. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
