/**
 * DPM-Solver++ of second order by two calls after each other.
 *
 * @module
 */
import { remainingVariance } from "../noise_schedule.ts";
import { type Mixture, mixtureOf, type SchedulerConfig, type SchedulerStep } from "./scheduler.ts";
import { solverTimesteps } from "./timesteps.ts";

/** Below this number of steps the last one is of first order. */
const FEW_STEPS = 15;

/** Half the logarithm of the ratio of signal to noise, infinite where there is no noise. */
function logRatio({ signal, noise }: Mixture): number {
  return Math.log(signal / noise);
}

/** The value that is remembered of a call: the predicted sample without noise. */
function predicted({ signal, noise }: Mixture, predictionType: SchedulerConfig["predictionType"]) {
  return predictionType === "epsilon"
    ? { sample: 1 / signal, output: -noise / signal }
    : { sample: signal, output: -noise };
}

/** The sample that follows, of second order if there is a mixture before. */
function follow(before: Mixture | undefined, from: Mixture, to: Mixture): SchedulerStep["next"] {
  const stretch = logRatio(to) - logRatio(from);
  const gain = to.signal * -Math.expm1(-stretch);
  const sample = to.noise / from.noise;
  if (before === undefined) return { sample, remembered: [gain] };
  const slope = gain * stretch / (2 * (logRatio(from) - logRatio(before)));
  return { sample, remembered: [gain + slope, -slope] };
}

/**
 * The steps of DPM-Solver++(2M), the first of which is of first order, and the last where it ends without noise.
 *
 * Source: Lu et al. 2022, "DPM-Solver++", algorithm 2; diffusers' `DPMSolverMultistepScheduler` with its defaults, a
 * midpoint solver of order 2.
 *
 * @throws {RangeError} if the number of steps is not one
 */
export function planDpmSolver(config: SchedulerConfig, steps: number): SchedulerStep[] {
  const { trainTimesteps, timestepSpacing: spacing, stepsOffset: offset } = config;
  const remaining = remainingVariance(config);
  const timesteps = solverTimesteps({ trainTimesteps, spacing, offset, steps });
  const end = config.finalSigmas === "zero" ? 1 : remaining[0]!;
  const mixtures = [...timesteps.map((timestep) => remaining[timestep]!), end].map(mixtureOf);
  const lastIsFirstOrder = config.finalSigmas === "zero" ||
    (config.lowerOrderFinal && timesteps.length < FEW_STEPS);
  return timesteps.map((timestep, call) => {
    const firstOrder = call === 0 || (lastIsFirstOrder && call === timesteps.length - 1);
    const from = mixtures[call]!;
    return {
      timestep,
      remembered: predicted(from, config.predictionType),
      next: follow(firstOrder ? undefined : mixtures[call - 1], from, mixtures[call + 1]!),
    };
  });
}
