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

/** Multiples of the sample and of the output: the sample without noise and the noise, mixed anew. */
function transfer(from: Mixture, to: Mixture, predictionType: SchedulerConfig["predictionType"]) {
  if (predictionType === "epsilon") {
    const sample = to.signal / from.signal;
    return { sample, output: to.noise - sample * from.noise };
  }
  return {
    sample: to.signal * from.signal + to.noise * from.noise,
    output: to.noise * from.signal - to.signal * from.noise,
  };
}

/**
 * The steps of DDIM without added noise.
 *
 * Source: Song et al. 2021, "Denoising diffusion implicit models", equation 12 with sigma 0; for velocities Salimans & Ho
 * 2022, "Progressive distillation", appendix D; diffusers' `DDIMScheduler` with `eta` 0 and `clip_sample` false.
 *
 * @throws {RangeError} if the number of steps is not one
 */
export function planDdim(config: SchedulerConfig, steps: number): SchedulerStep[] {
  const { trainTimesteps, timestepSpacing: spacing, stepsOffset: offset, predictionType } = config;
  const at = mixtureAt(config);
  const stride = strideOf(config, steps);
  return diffusionTimesteps({ trainTimesteps, spacing, offset, steps }).map((timestep) => {
    const { sample, output } = transfer(at(timestep), at(timestep - stride), predictionType);
    return {
      timestep,
      remembered: { sample: 0, output: 1 },
      next: { sample, remembered: [output] },
      corrects: false,
    };
  });
}
