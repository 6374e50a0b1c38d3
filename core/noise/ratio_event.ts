/**
 * What a computation of ratios reports while it runs.
 *
 * @module
 */

/** One report of a computation of ratios. */
export type RatioEvent =
  /** How many images are done, and how many of them have no ratio. */
  | {
    readonly kind: "progress";
    readonly done: number;
    readonly total: number;
    readonly without: number;
  }
  /** An image that is left out, and why. */
  | { readonly kind: "warning"; readonly message: string };
