/**
 * Whether a configuration schedules the scalars that a method reads.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { ENCODER_MOMENTUM } from "../../engine/optim/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { MethodFacts } from "../step/method_facts.ts";

/** A name that could be meant for the momentum of SGD as well as for that of the momentum encoder. */
const AMBIGUOUS = "momentum";

/**
 * Checks that every scalar that a method reads is scheduled; a momentum encoder reads `encoderMomentum`.
 *
 * @returns a sentence for each schedule that nothing reads
 * @throws {TypeError} if a scalar is not scheduled, with all that are not, or one is named `momentum`
 */
export function checkScheduled(
  { scheduled, hasMomentumEncoder }: Pick<MethodFacts, "scheduled" | "hasMomentumEncoder">,
  { scheduled: given }: Pick<Configuration, "scheduled">,
): string[] {
  const read = new Set([...scheduled, ...(hasMomentumEncoder ? [ENCODER_MOMENTUM] : [])]);
  const found = Object.keys(given);
  if (scheduled.includes(AMBIGUOUS) || found.includes(AMBIGUOUS)) {
    throw new GenviewTypeError(
      `Cannot train: a schedule must not be named "${AMBIGUOUS}", found it in ${
        found.includes(AMBIGUOUS) ? "--scheduled" : "what the method reads"
      }; the momentum encoder's is "${ENCODER_MOMENTUM}", that of SGD and LARS is --momentum`,
    );
  }
  const missing = [...read].filter((name) => !found.includes(name));
  if (missing.length > 0) {
    throw new GenviewTypeError(
      `Cannot train: --scheduled must have what the method reads (${
        [...read].join(", ")
      }), found no ${missing.join(", ")}`,
    );
  }
  return found.filter((name) => !read.has(name)).map((name) =>
    `Nothing reads the schedule "${name}"; the method reads ${[...read].join(", ") || "none"}`
  );
}
