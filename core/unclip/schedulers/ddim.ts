/**
 * DDIM: the deterministic sampler.
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

/** The predictions that the network's output implies, as multiples of the sample and of the output. */
interface Prediction {
  /** The sample without noise. */
  readonly clean: { readonly sample: number; readonly output: number };
  readonly noise: { readonly sample: number; readonly output: number };
}

function predict({ signal, noise }: Mixture, type: SchedulerConfig["predictionType"]): Prediction {
  return type === "epsilon"
    ? {
      clean: { sample: 1 / signal, output: -noise / signal },
      noise: { sample: 0, output: 1 },
    }
    : {
      clean: { sample: signal, output: -noise },
      noise: { sample: noise, output: signal },
    };
}

/** The sample without noise and the noise, mixed anew. */
function transfer({ clean, noise }: Prediction, to: Mixture): Omit<SchedulerStep, "timestep"> {
  return {
    remembered: { sample: 0, output: 1 },
    next: {
      sample: to.signal * clean.sample + to.noise * noise.sample,
      remembered: [to.signal * clean.output + to.noise * noise.output],
    },
  };
}

/** The same, with the sample without noise kept within a bound; the noise is that of the sample before. */
function boundedTransfer(
  { clean, noise }: Prediction,
  to: Mixture,
  bound: number,
): Omit<SchedulerStep, "timestep"> {
  return {
    remembered: { ...clean, bound },
    next: {
      sample: to.noise * noise.sample,
      output: to.noise * noise.output,
      remembered: [to.signal],
    },
  };
}

/**
 * The steps of DDIM without added noise.
 *
 * Source: Song et al. 2021, "Denoising diffusion implicit models", equation 12 with sigma 0; for velocities Salimans & Ho
 * 2022, "Progressive distillation", appendix D; diffusers' `DDIMScheduler` with `eta` 0.
 *
 * @throws {RangeError} if the number of steps is not one
 */
export function planDdim(config: SchedulerConfig, steps: number): SchedulerStep[] {
  const { trainTimesteps, timestepSpacing: spacing, stepsOffset: offset, clipRange } = config;
  const at = mixtureAt(config);
  const stride = strideOf(config, steps);
  return diffusionTimesteps({ trainTimesteps, spacing, offset, steps }).map((timestep) => {
    const prediction = predict(at(timestep), config.predictionType);
    const to = at(timestep - stride);
    const step = clipRange === Infinity
      ? transfer(prediction, to)
      : boundedTransfer(prediction, to, clipRange);
    return { timestep, ...step };
  });
}
