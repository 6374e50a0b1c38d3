/**
 * Progress and outcome of a generation of variations.
 *
 * @module
 */
import type { UnclipStage } from "../unclip/mod.ts";

/** Why a variation cannot be made. */
export interface VariationFailure {
  /** The image's path within the tree that is mirrored. */
  readonly source: string;
  /** Where it failed: reading the image, naming the variation's file, or a network whose output is not finite. */
  readonly stage: "reading" | "name" | UnclipStage;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** How many of the image's variations are missing because of it. */
  readonly variations: number;
}

/** How many variations are done; totals since the work began. */
export interface VariationCounts {
  /** Variations that have been generated and written. */
  readonly made: number;
  /** Variations whose images cannot be read. */
  readonly unreadable: number;
  /** Variations that cannot be computed, or whose names do not fit the file system. */
  readonly failed: number;
}

/** What happens while variations are generated. */
export type VariationEvent =
  /** The work begins: variations in all, and those that exist already. */
  | { readonly kind: "start"; readonly total: number; readonly existing: number }
  | ({ readonly kind: "progress" } & VariationCounts)
  | ({ readonly kind: "failure" } & VariationFailure)
  /** Anything else that a person should know, such as a worker that is started again. */
  | { readonly kind: "note"; readonly text: string };

/** Takes what happens while variations are generated. */
export type ReportVariations = (event: VariationEvent) => void;

/** How a generation is stopped and followed. */
export interface VariationRunOptions {
  /** Ends the work between two calls of a network; what has been made stays. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what happens, event by event. */
  readonly report?: ReportVariations | undefined;
}

/** How a generation ended. */
export interface VariationOutcome extends VariationCounts {
  /** Variations that are wanted. */
  readonly total: number;
  /** Variations that existed before. */
  readonly existing: number;
  /** Whether it was stopped before its end. */
  readonly stopped: boolean;
}

/**
 * A variation that a network could not compute.
 *
 * @param what the variation, as messages call it
 */
export function networkFailure(
  source: string,
  what: string,
  stage: UnclipStage,
  precision: string,
): VariationFailure {
  // The normalizer computes in float32 always, and an image that overflows the VAE is decoded again in it.
  const mayOverflow = precision === "float16" && stage !== "image normalizer" && stage !== "VAE";
  const message = `Cannot generate ${what}: the output of the ${stage} must be finite, found NaN ` +
    `or infinity; check the model's weights${
      mayOverflow ? ", or compute by --precision float32" : ""
    }`;
  return { source, stage, message, variations: 1 };
}
