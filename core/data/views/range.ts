/**
 * Ranges of random draws.
 *
 * @module
 */

/** Lowest and highest value of a uniform draw. */
export type Range = readonly [low: number, high: number];
