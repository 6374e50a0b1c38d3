/**
 * The stages of the pipeline, and which of them are run.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";

/** Names of the stages, in their order. */
export const STAGE_NAMES = [
  "features",
  "ratios",
  "levels",
  "variations",
  "pretraining",
  "evaluation",
  "report",
] as const;

/** Name of a stage. */
export type StageName = typeof STAGE_NAMES[number];

/** Which stages are run: all of them, but for what is said here. */
export interface StageChoice {
  /** These alone. */
  readonly only?: readonly StageName[] | undefined;
  /** All but these. */
  readonly skip?: readonly StageName[] | undefined;
  /** All up to this one. */
  readonly until?: StageName | undefined;
}

/**
 * The stages that are chosen, in their order.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseStages } from "./choose_stages.ts";
 *
 * assertEquals(chooseStages({ until: "variations", skip: ["levels"] }), ["features", "ratios", "variations"]);
 * ```
 *
 * @throws {TypeError} if `only` is given with another choice, or no stage is left
 */
export function chooseStages({ only = [], skip = [], until }: StageChoice): StageName[] {
  if (only.length > 0 && (skip.length > 0 || until !== undefined)) {
    throw new GenviewTypeError(
      "Cannot choose stages: --only names all that are run, found --skip or --until beside it; leave one out",
    );
  }
  const last = until === undefined ? STAGE_NAMES.length - 1 : STAGE_NAMES.indexOf(until);
  const chosen = STAGE_NAMES.filter((name, i) =>
    (only.length === 0 || only.includes(name)) && !skip.includes(name) && i <= last
  );
  if (chosen.length > 0) return chosen;
  throw new GenviewTypeError(
    `Cannot choose stages: one or more must be left, found all of ${skip.join(", ")} skipped`,
  );
}
