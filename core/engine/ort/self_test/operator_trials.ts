/**
 * Small graphs, one for each operator or family of operators that networks and their training are made of, on which a
 * device is compared with the CPU. Those that a provider is known to have got wrong are among them.
 *
 * @module
 */
import type { GraphTarget } from "../../graph/target.ts";
import { ARITHMETIC, LOSSES, MOVES } from "./element_trials.ts";
import { HALF_TRIALS } from "./half_trials.ts";
import { CONVOLUTIONS, MAPS, PRODUCTS } from "./layer_trials.ts";
import type { OperatorTrial } from "./operator_trial.ts";

const TRIALS: readonly OperatorTrial[] = [
  ...CONVOLUTIONS,
  ...PRODUCTS,
  ...MAPS,
  ...ARITHMETIC,
  ...MOVES,
  ...LOSSES,
];

/**
 * The trials of what is computed on a device unless it is asked for otherwise: float16 on CUDA, which `--precision auto` has
 * there.
 */
export function trialsFor({ provider }: GraphTarget): readonly OperatorTrial[] {
  return provider === "cuda" ? [...TRIALS, ...HALF_TRIALS] : TRIALS;
}
