/**
 * How much of a sample noise has taken after each step of the diffusion that a network was trained on.
 *
 * @module
 */

/** The beta schedule. */
export type BetaSchedule = "linear" | "scaled_linear" | "squaredcos_cap_v2";

/** A diffusion of a fixed number of steps. */
export interface NoiseScheduleConfig {
  /** Steps of the diffusion. */
  readonly trainTimesteps: number;
  /** The beta schedule. */
  readonly betaSchedule: BetaSchedule;
  /** Share of noise of the first step; the cosine rule has none. */
  readonly betaStart: number;
  /** Share of noise of the last step; the cosine rule has none. */
  readonly betaEnd: number;
}

/** Most noise of a single step by the cosine rule. */
const LARGEST_BETA = 0.999;

/** `count` numbers from one to the other in float32, counted from the nearer end as PyTorch does. */
function linspace(start: number, end: number, count: number): Float32Array {
  const step = count === 1 ? 0 : Math.fround((Math.fround(end) - Math.fround(start)) / (count - 1));
  return Float32Array.from(
    { length: count },
    (_, i) => i < count / 2 ? start + step * i : end - step * (count - 1 - i),
  );
}

/** The sample's remaining variance after a part of the diffusion, by the cosine schedule. */
function cosineRemainder(time: number): number {
  return Math.cos((time + 0.008) / 1.008 * Math.PI / 2) ** 2;
}

function cosineBetas(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const left = cosineRemainder((i + 1) / count) / cosineRemainder(i / count);
    return Math.min(1 - left, LARGEST_BETA);
  });
}

function betasOf({ trainTimesteps, betaSchedule, betaStart, betaEnd }: NoiseScheduleConfig) {
  switch (betaSchedule) {
    case "linear":
      return linspace(betaStart, betaEnd, trainTimesteps);
    case "scaled_linear":
      return linspace(betaStart ** 0.5, betaEnd ** 0.5, trainTimesteps).map((root) => root * root);
    case "squaredcos_cap_v2":
      return cosineBetas(trainTimesteps);
  }
}

/**
 * The share of a sample's variance that is left after each step, the running product of 1 - beta, with the roundings
 * that the publisher's float32 makes.
 *
 * Source: Ho et al. 2020, "Denoising diffusion probabilistic models", section 2; for the cosine rule Nichol & Dhariwal
 * 2021, "Improved denoising diffusion probabilistic models", equation 17; as diffusers' `alphas_cumprod`.
 */
export function remainingVariance(config: NoiseScheduleConfig): Float32Array {
  let product = 1;
  return betasOf(config).map((beta) => product *= Math.fround(1 - beta));
}
