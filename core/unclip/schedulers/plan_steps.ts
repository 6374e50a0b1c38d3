/**
 * Schedulers by name.
 *
 * @module
 */
import { planDdim } from "./ddim.ts";
import { planDpmSolver } from "./dpm_solver.ts";
import { planPndm } from "./pndm.ts";
import type { SchedulerConfig, SchedulerName, SchedulerStep } from "./scheduler.ts";

const PLANS: Readonly<
  Record<SchedulerName, (config: SchedulerConfig, steps: number) => SchedulerStep[]>
> = {
  "pndm": planPndm,
  "ddim": planDdim,
  "dpm-solver++": planDpmSolver,
};

/** Names of all schedulers. */
export const SCHEDULER_NAMES: readonly SchedulerName[] = Object.keys(PLANS) as SchedulerName[];

/**
 * The calls of a scheduler, in order.
 *
 * ```ts
 * import { planSteps } from "./plan_steps.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = planSteps("pndm", {
 *   trainTimesteps: 1000,
 *   betaSchedule: "scaled_linear",
 *   betaStart: 0.00085,
 *   betaEnd: 0.012,
 *   predictionType: "v_prediction",
 *   timestepSpacing: "leading",
 *   stepsOffset: 1,
 *   setAlphaToOne: false,
 *   rungeKuttaStart: false,
 *   clipRange: Infinity,
 *   finalSigmas: "zero",
 *   lowerOrderFinal: true,
 * }, 4);
 * assertEquals(plan.map(({ timestep }) => timestep), [751, 501, 501, 251, 1]);
 * ```
 *
 * @throws {RangeError} if the number of steps is not one
 */
export function planSteps(
  name: SchedulerName,
  config: SchedulerConfig,
  steps: number,
): SchedulerStep[] {
  return PLANS[name](config, steps);
}
