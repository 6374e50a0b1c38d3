/**
 * The timesteps at which a network is called.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { roundHalfToEven } from "../../data/views/round_half_to_even.ts";

/**
 * How timesteps are spread: `leading` counts whole strides from the first, `trailing` from the last, and `linspace` takes
 * both ends.
 *
 * Source: Lin et al. 2023, "Common diffusion noise schedules and sample steps are flawed", table 2.
 */
export type TimestepSpacing = "leading" | "linspace" | "trailing";

/** How many timesteps of which, and how they are spread. */
export interface TimestepOptions {
  /** Steps of the diffusion that the network was trained on. */
  readonly trainTimesteps: number;
  readonly spacing: TimestepSpacing;
  /** Offset of timesteps of spacing `leading`. */
  readonly offset: number;
  /** How many are wanted. */
  readonly steps: number;
}

/** @throws {RangeError} unless 1 to as many steps as there are timesteps are asked for */
export function checkSteps(steps: number, trainTimesteps: number): void {
  if (Number.isInteger(steps) && steps >= 1 && steps <= trainTimesteps) return;
  throw new GenviewRangeError(
    `Cannot plan the steps of a scheduler: their number must be an integer in ` +
      `[1, ${trainTimesteps}], found ${steps}`,
  );
}

function trailing({ trainTimesteps, steps }: TimestepOptions): number[] {
  const stride = trainTimesteps / steps;
  return Array.from(
    { length: Math.ceil(trainTimesteps / stride) },
    (_, i) => roundHalfToEven(trainTimesteps - i * stride) - 1,
  );
}

function evenly(last: number, count: number): number[] {
  const stride = count === 1 ? 0 : last / (count - 1);
  return Array.from({ length: count }, (_, i) => roundHalfToEven(i * stride));
}

/** Timesteps of PNDM and DDIM, latest first. Source: their `set_timesteps` in diffusers. */
export function diffusionTimesteps(options: TimestepOptions): number[] {
  const { trainTimesteps, spacing, offset, steps } = options;
  checkSteps(steps, trainTimesteps);
  if (spacing === "trailing") return trailing(options);
  if (spacing === "linspace") return evenly(trainTimesteps - 1, steps).reverse();
  const stride = Math.floor(trainTimesteps / steps);
  return Array.from({ length: steps }, (_, i) => i * stride + offset).reverse();
}

/**
 * Timesteps of DPM-Solver++, latest first: one more than wanted is spread and the earliest left out. Source: its
 * `set_timesteps` in diffusers.
 */
export function solverTimesteps(options: TimestepOptions): number[] {
  const { trainTimesteps, spacing, offset, steps } = options;
  checkSteps(steps, trainTimesteps);
  if (spacing === "trailing") return trailing(options);
  if (spacing === "linspace") return evenly(trainTimesteps - 1, steps + 1).slice(1).reverse();
  const stride = Math.floor(trainTimesteps / (steps + 1));
  return Array.from({ length: steps }, (_, i) => (i + 1) * stride + offset).reverse();
}
