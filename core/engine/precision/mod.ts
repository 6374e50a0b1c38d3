/**
 * Mixed precision: what a graph computes in a type of half the width, and what stays in float32. May import the operators
 * and what they stand on.
 *
 * @module
 */
export { mixPrecision } from "./mix_precision.ts";
export { type HalfPrecision, type Precision, PRECISIONS } from "./precision.ts";
