/**
 * Running sums of an epoch. They are kept in checkpoints, so that an epoch resumed midway is reported once.
 *
 * @module
 */
import type { EpochSums } from "../../weights/checkpoint/state.ts";

/** Sums of an epoch without steps. */
export const NO_STEPS: EpochSums = { steps: 0, loss: 0, seconds: 0, waitSeconds: 0, skipped: 0 };

/** Metrics of an epoch from its sums: the mean loss, and skipped images only where there are any. */
export function summarizeEpoch(
  { steps, loss, seconds, waitSeconds, skipped }: EpochSums,
): Readonly<Record<string, number>> {
  return { loss: loss / steps, seconds, waitSeconds, ...(skipped > 0 && { skipped }) };
}
