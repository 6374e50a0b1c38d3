import { GenviewTypeError } from "../../../errors/mod.ts";
import { currentRanks } from "../../../engine/graph/target.ts";

/**
 * Why a method cannot be applied to parts of its batch, with what to do instead.
 *
 * @param rule what must hold, and what was found
 */
export function notInParts(rule: string): GenviewTypeError {
  const ranks = currentRanks();
  return new GenviewTypeError(
    ranks === 1
      ? `Cannot accumulate gradients: ${rule}; set --device-batch-size 0`
      : `Cannot train on ${ranks} processes: ${rule}; train on one, with --device-batch-size 0`,
  );
}
