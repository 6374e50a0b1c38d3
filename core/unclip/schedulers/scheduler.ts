/**
 * What schedulers have in common: how a network's outputs lead from noise to a sample, as numbers known beforehand.
 *
 * @module
 */
import { type NoiseScheduleConfig, remainingVariance } from "../noise_schedule.ts";
import type { TimestepSpacing } from "./timesteps.ts";

/** Names of the schedulers. */
export type SchedulerName = "pndm" | "ddim" | "dpm-solver++";

/** What a network was trained on, and where a scheduler calls it. */
export interface SchedulerConfig extends NoiseScheduleConfig {
  /** What the network's output stands for: the noise, or the velocity between noise and sample. */
  readonly predictionType: "epsilon" | "v_prediction";
  /** How timesteps are spread. */
  readonly timestepSpacing: TimestepSpacing;
  /** What is added to timesteps of spacing `leading`. */
  readonly stepsOffset: number;
  /** Whether the last step of PNDM and DDIM ends without noise, rather than with the least of the training. */
  readonly setAlphaToOne: boolean;
  /** Whether the last step of DPM-Solver++ ends without noise, rather than with the least of the training. */
  readonly finalSigmas: "zero" | "sigma_min";
  /** Whether DPM-Solver++ ends on a step of first order where there are fewer than 15. */
  readonly lowerOrderFinal: boolean;
}

/**
 * One call of the network, and the sample that follows. All schedulers here are linear in the sample and the outputs, so
 * that a step is its coefficients: they could as well be the scalar inputs of a graph.
 */
export interface SchedulerStep {
  /** Timestep that the network is called with. */
  readonly timestep: number;
  /** What is remembered of the call: these multiples of the sample and of the output. */
  readonly remembered: { readonly sample: number; readonly output: number };
  /** The sample that follows: these multiples of the sample and of what is remembered, newest first. */
  readonly next: { readonly sample: number; readonly remembered: readonly number[] };
  /**
   * Whether the call corrects the one before: the sample is the one that that one started from, and this call is forgotten
   * after it.
   */
  readonly corrects: boolean;
}

/** Shares of a sample and of noise, of variance 1 together. */
export interface Mixture {
  /** Factor of the sample. */
  readonly signal: number;
  /** Factor of the noise. */
  readonly noise: number;
}

/** The mixture in which this share of the variance is the sample's. */
export function mixtureOf(remaining: number): Mixture {
  return { signal: Math.sqrt(remaining), noise: Math.sqrt(1 - remaining) };
}

/**
 * The mixture at a timestep, and at the end for those below the first.
 *
 * Source: diffusers' `alphas_cumprod` and `final_alpha_cumprod`.
 */
export function mixtureAt(config: SchedulerConfig): (timestep: number) => Mixture {
  const remaining = remainingVariance(config);
  const final = config.setAlphaToOne ? 1 : remaining[0]!;
  return (timestep) => mixtureOf(timestep < 0 ? final : remaining[timestep]!);
}

/** The steps of training between two calls of PNDM and DDIM. */
export function strideOf({ trainTimesteps }: SchedulerConfig, steps: number): number {
  return Math.floor(trainTimesteps / steps);
}
