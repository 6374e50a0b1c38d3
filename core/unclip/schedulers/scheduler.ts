/**
 * Schedulers as coefficients: how a network's outputs lead from noise to a sample.
 *
 * @module
 */
import { type NoiseScheduleConfig, remainingVariance } from "../noise_schedule.ts";
import type { TimestepSpacing } from "./timesteps.ts";

/** Names of the schedulers. */
export type SchedulerName = "pndm" | "ddim" | "dpm-solver++";

/** The diffusion that a network was trained on, and how a scheduler samples it. */
export interface SchedulerConfig extends NoiseScheduleConfig {
  /** The network's output: the noise, or the velocity. */
  readonly predictionType: "epsilon" | "v_prediction";
  /** How timesteps are spread. */
  readonly timestepSpacing: TimestepSpacing;
  /** Offset of timesteps of spacing `leading`. */
  readonly stepsOffset: number;
  /** Whether the last step of PNDM and DDIM ends without noise, rather than with the least of the training. */
  readonly setAlphaToOne: boolean;
  /** Whether PNDM begins with three steps of Runge and Kutta's method, of four calls each. */
  readonly rungeKuttaStart: boolean;
  /** Bound of the numbers of the sample without noise that DDIM predicts; Infinity is none. */
  readonly clipRange: number;
  /** Whether the last step of DPM-Solver++ ends without noise, rather than with the least of the training. */
  readonly finalSigmas: "zero" | "sigma_min";
  /** Whether DPM-Solver++ ends on a step of first order where there are fewer than 15. */
  readonly lowerOrderFinal: boolean;
}

/**
 * One call of the network, and the sample that follows. All schedulers here are linear in the sample and the outputs, but
 * for a bound, so that a step is its coefficients: they could as well be the scalar inputs of a graph.
 */
export interface SchedulerStep {
  /** Timestep that the network is called with. */
  readonly timestep: number;
  /** The value that is remembered of the call: these multiples of the sample and of the output, within [-bound, bound]. */
  readonly remembered: {
    readonly sample: number;
    readonly output: number;
    readonly bound?: number;
  };
  /**
   * The sample that follows: these multiples of a sample, of the output, and of the remembered values, newest first. The
   * sample is the one that the network was given `callsBack` calls ago (default 0, this call).
   */
  readonly next: {
    readonly callsBack?: number;
    readonly sample: number;
    readonly output?: number;
    readonly remembered: readonly number[];
  };
  /** How many of the newest calls are forgotten once the sample is made (default 0). */
  readonly forgets?: number;
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
