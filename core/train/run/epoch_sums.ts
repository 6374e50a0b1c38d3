/**
 * What the steps of an epoch come to: it is kept in checkpoints, so that an epoch of several parts is told as a whole.
 *
 * @module
 */

/** Sums over the steps of an epoch that were taken so far. */
export interface EpochSums {
  readonly steps: number;
  readonly loss: number;
  readonly seconds: number;
  /** Seconds of them in which the step waited for images. */
  readonly waitSeconds: number;
  /** Images that could not be read, and others that came in their place and could not either. */
  readonly skipped: number;
}

/** What an epoch begins with. */
export const NO_STEPS: EpochSums = { steps: 0, loss: 0, seconds: 0, waitSeconds: 0, skipped: 0 };

/** What is told of an epoch by its sums: the mean loss, and skipped images only where there are any. */
export function summarizeEpoch(
  { steps, loss, seconds, waitSeconds, skipped }: EpochSums,
): Readonly<Record<string, number>> {
  return { loss: loss / steps, seconds, waitSeconds, ...(skipped > 0 && { skipped }) };
}
