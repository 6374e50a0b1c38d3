/**
 * PNDM: a linear multistep method, with or without a start by Runge and Kutta's.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
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

/** Weights of the four outputs of a step of Runge and Kutta's method. */
const RUNGE_KUTTA: readonly number[] = [1 / 6, 1 / 3, 1 / 3, 1 / 6];

/** Steps that are made by Runge and Kutta's method, after which four outputs are known with the next. */
const START_STEPS = 3;

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

type Weights = SchedulerStep["next"]["remembered"];

/** A step from one timestep to another by a mean of outputs. */
function stepBetween(config: SchedulerConfig, from: number, to: number, weights: Weights) {
  const at = mixtureAt(config);
  const { sample, output } = transfer(at(from), at(to), config.predictionType);
  return { sample, remembered: weights.map((weight) => weight * output) };
}

const WHOLE = { sample: 0, output: 1 } as const;

/** The second timestep is called twice, so that there is a call more than steps. */
function planMultistep(config: SchedulerConfig, steps: number): SchedulerStep[] {
  const stride = strideOf(config, steps);
  const once = timestepsOf(config, steps);
  const timesteps = once.length === 1 ? once : once.toSpliced(1, 0, once[1]!);
  return timesteps.map((timestep, call) => {
    if (call === 1) {
      const next = stepBetween(config, timestep + stride, timestep, CORRECTION);
      return { timestep, remembered: WHOLE, next: { ...next, callsBack: 1 }, forgets: 1 };
    }
    const weights = MULTISTEP[Math.min(Math.max(call - 1, 0), MULTISTEP.length - 1)]!;
    return {
      timestep,
      remembered: WHOLE,
      next: stepBetween(config, timestep, timestep - stride, weights),
    };
  });
}

/** The four calls of a step of Runge and Kutta's method: at its beginning, twice in its middle, and at its end. */
function rungeKuttaStep(
  config: SchedulerConfig,
  [from, middle, to]: readonly [number, number, number],
  half: number,
): SchedulerStep[] {
  const calls = [
    { timestep: from, end: from - half, weights: [1] },
    { timestep: middle, end: middle, weights: [1] },
    { timestep: middle, end: middle - half, weights: [1] },
    { timestep: to, end: to, weights: RUNGE_KUTTA },
  ];
  return calls.map(({ timestep, end, weights }, call) => ({
    timestep,
    remembered: WHOLE,
    next: { ...stepBetween(config, from, end, weights), callsBack: call },
    // The multistep method continues from the outputs at the beginnings of steps.
    ...(call === calls.length - 1 && { forgets: calls.length - 1 }),
  }));
}

function planWithStart(config: SchedulerConfig, steps: number): SchedulerStep[] {
  const timesteps = timestepsOf(config, steps);
  if (steps <= START_STEPS) {
    throw new GenviewRangeError(
      `Cannot plan the steps of PNDM with a Runge-Kutta start: there must be at least ` +
        `${START_STEPS + 1}, found ${steps}; take more steps, or another scheduler`,
    );
  }
  const stride = strideOf(config, steps);
  const half = Math.floor(stride / 2);
  const start = timesteps.slice(0, START_STEPS).flatMap((from, i) => {
    const to = timesteps[i + 1]!;
    return rungeKuttaStep(config, [from, to + half, to], half);
  });
  const rest = timesteps.slice(START_STEPS).map((timestep) => ({
    timestep,
    remembered: WHOLE,
    next: stepBetween(config, timestep, timestep - stride, MULTISTEP.at(-1)!),
  }));
  return [...start, ...rest];
}

function timestepsOf(config: SchedulerConfig, steps: number): number[] {
  const { trainTimesteps, timestepSpacing: spacing, stepsOffset: offset } = config;
  return diffusionTimesteps({ trainTimesteps, spacing, offset, steps });
}

/**
 * The steps of PNDM: as Stable unCLIP publishes it, one call for each step and one more, or with a Runge-Kutta start,
 * whose first three steps take four calls each.
 *
 * Source: Liu et al. 2022, "Pseudo numerical methods for diffusion models on manifolds", equations 11 to 13; diffusers'
 * `PNDMScheduler` with and without `skip_prk_steps`.
 *
 * @throws {RangeError} if the number of steps is not one, or is below 4 with a Runge-Kutta start
 */
export function planPndm(config: SchedulerConfig, steps: number): SchedulerStep[] {
  return config.rungeKuttaStart ? planWithStart(config, steps) : planMultistep(config, steps);
}
