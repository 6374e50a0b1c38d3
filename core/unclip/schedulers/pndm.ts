/**
 * PNDM without its Runge-Kutta start: a linear multistep method.
 *
 * @module
 */
import {
  type Mixture,
  mixtureAt,
  type SchedulerConfig,
  type SchedulerStep,
  strideOf,
} from "./scheduler.ts";
import { diffusionTimesteps } from "./timesteps.ts";

/** Weights of the outputs by how many are known, newest first: Adams and Bashforth's. */
const MULTISTEP: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/** The first step is taken twice, the second time by the mean of the outputs at its two ends. */
const CORRECTION: readonly number[] = [1 / 2, 1 / 2];

/** Multiples of the sample and of the output by which a step leads from one mixture to another: equation 11. */
function transfer(from: Mixture, to: Mixture, predictionType: SchedulerConfig["predictionType"]) {
  const [A, P] = [from.signal ** 2, to.signal ** 2];
  const noise = -(P - A) / (A * to.noise + from.signal * from.noise * to.signal);
  const sample = to.signal / from.signal;
  return predictionType === "epsilon"
    ? { sample, output: noise }
    : { sample: sample + noise * from.noise, output: noise * from.signal };
}

/**
 * The steps of PNDM as Stable unCLIP publishes it: the second timestep is called twice, so that there is a call more than
 * steps.
 *
 * Source: Liu et al. 2022, "Pseudo numerical methods for diffusion models on manifolds", equations 11 and 12; diffusers'
 * `PNDMScheduler` with `skip_prk_steps`.
 *
 * @throws {RangeError} if the number of steps is not one
 */
export function planPndm(config: SchedulerConfig, steps: number): SchedulerStep[] {
  const { trainTimesteps, timestepSpacing: spacing, stepsOffset: offset, predictionType } = config;
  const at = mixtureAt(config);
  const stride = strideOf(config, steps);
  const once = diffusionTimesteps({ trainTimesteps, spacing, offset, steps });
  const timesteps = once.length === 1 ? once : once.toSpliced(1, 0, once[1]!);
  return timesteps.map((timestep, call) => {
    const corrects = call === 1;
    const from = corrects ? timestep + stride : timestep;
    const { sample, output } = transfer(at(from), at(from - stride), predictionType);
    const weights = corrects
      ? CORRECTION
      : MULTISTEP[Math.min(Math.max(call - 1, 0), MULTISTEP.length - 1)]!;
    return {
      timestep,
      remembered: { sample: 0, output: 1 },
      next: { sample, remembered: weights.map((weight) => weight * output) },
      corrects,
    };
  });
}
