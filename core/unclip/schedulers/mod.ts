/**
 * Schedulers: how many calls of a network lead from noise to a sample.
 *
 * @module
 */
export { planDdim } from "./ddim.ts";
export { planDpmSolver } from "./dpm_solver.ts";
export { planSteps, SCHEDULER_NAMES } from "./plan_steps.ts";
export { planPndm } from "./pndm.ts";
export type { SchedulerConfig, SchedulerName, SchedulerStep } from "./scheduler.ts";
export type { TimestepSpacing } from "./timesteps.ts";
export { Trajectory } from "./trajectory.ts";
