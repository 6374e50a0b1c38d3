/**
 * The types that a step may compute in.
 *
 * @module
 */

/** A type of half the width of float32: the one with more digits, or the one with float32's range. */
export type HalfPrecision = "float16" | "bfloat16";

/** What a step computes in: float32 alone, or mixed with a type of half the width. */
export type Precision = "float32" | HalfPrecision;

/** Every precision. */
export const PRECISIONS: readonly Precision[] = ["float32", "float16", "bfloat16"];
