/**
 * What an extraction reports while it runs.
 *
 * @module
 */

/** One report of an extraction or of its analysis. */
export type ExtractionEvent =
  /** Fewer images are there than were asked for: all of them are taken. */
  | { readonly kind: "all images"; readonly images: number }
  /** Images that need no extraction, because their features are in the folder already. */
  | { readonly kind: "present"; readonly images: number; readonly total: number }
  /** How many images a phase has done. */
  | {
    readonly kind: "progress";
    readonly phase: "features" | "covariance" | "scores";
    readonly done: number;
    readonly total: number;
  }
  /** The covariance of so many tokens is complete, and its principal component is computed, which reports no progress. */
  | { readonly kind: "decomposing"; readonly tokens: number }
  /** An image that is left out, and why. */
  | { readonly kind: "warning"; readonly message: string };
