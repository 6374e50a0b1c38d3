/**
 * The loss of the conditional UNet: how well it tells noise from latents.
 *
 * @module
 */
import { type GraphTarget, withTarget } from "../../engine/graph/target.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import { sub } from "../../engine/ops/sub.ts";
import type { LossRange } from "../../method/manifest.ts";
import { unet, type UnetConfig } from "../networks/unet.ts";
import type { SchedulerConfig } from "../schedulers/mod.ts";
import type { StageGraph } from "./built_stage.ts";

/** What a UNet predicts: the noise, or the velocity of Salimans & Ho 2022. */
export type PredictionType = SchedulerConfig["predictionType"];

/** How the losses of timesteps are weighed: all alike, or by their signal-to-noise ratio. */
export type LossWeighting = "uniform" | "min-snr";

/** What a UNet is trained for. */
export interface DenoisingLossOptions {
  /** Its sizes. */
  readonly config: UnetConfig;
  /** Latents of a batch. */
  readonly batchSize: number;
  /** Height and width of the latents. */
  readonly size: number;
  /** Tokens of a text. */
  readonly tokens: number;
  /** What it predicts. */
  readonly predictionType: PredictionType;
  /** What the graph is built for. */
  readonly target: GraphTarget;
}

/**
 * The weight of a timestep's loss by its signal-to-noise ratio, so that timesteps do not pull against each other.
 *
 * Source: Hang et al. 2023, "Efficient diffusion training via min-SNR weighting strategy", section 3.4.
 *
 * @param remaining share of the variance that is signal, in (0, 1)
 * @param gamma largest weight of the loss in terms of the clean latents (5 in the paper)
 */
export function minSnrWeight(
  remaining: number,
  gamma: number,
  predictionType: PredictionType,
): number {
  const ratio = remaining / (1 - remaining);
  const least = Math.min(ratio, gamma);
  return predictionType === "epsilon" ? least / ratio : least / (ratio + 1);
}

/** Shares of the loss of a network that predicts nothing: batches of random weights, and what a trained one stays below. */
const AT_RANDOM = [0.8, 1.25] as const;
const TRAINED = 0.7;

/**
 * What the loss is expected to be. Noise and scaled latents have a variance of about 1, and so has the velocity, which is a
 * mixture of both: a network that predicts nothing has the mean weight of the timesteps as its loss.
 *
 * @param weights of the loss at each timestep
 */
export function denoisingLossRange(weights: readonly number[]): LossRange {
  const nothing = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return {
    random: [AT_RANDOM[0] * nothing, AT_RANDOM[1] * nothing],
    healthy: [0, TRAINED * nothing],
    collapsed: nothing,
    note:
      `A UNet that predicts nothing has a loss of ${
        nothing.toPrecision(2)
      }. Within some hundred steps it falls well below that, ` +
      "then slowly. Batches differ much by their timesteps, so that it is the smoothed curve that counts.",
  };
}

/**
 * The loss of a batch, all float32: `latents` `[N, channels, H, W]`, already scaled, `noise` like them, `timestep` `[N]`,
 * `signal` and `share` `[N, 1, 1, 1]`, by which latents and noise are mixed, `weight` `[N]` of each one's loss, `labels`
 * `[N, class width]` and `text` `[N, tokens, width]`. Shows `unweighted`, the loss without the weights.
 *
 * Source: Ho et al. 2020, "Denoising diffusion probabilistic models", equation 14; for the velocity Salimans & Ho 2022,
 * "Progressive distillation for fast sampling of diffusion models", appendix D; diffusers, `DDPMScheduler.add_noise` and
 * `get_velocity`.
 */
export function denoisingLoss(options: DenoisingLossOptions): StageGraph {
  const { config, batchSize, size, tokens, predictionType, target } = options;
  const scope = new Scope({ training: true });
  const shape = [batchSize, config.latentChannels, size, size];
  const declare = (name: string, dimensions: readonly number[]) =>
    input(name, "float32", dimensions);
  const latents = declare("latents", shape);
  const noise = declare("noise", shape);
  const timestep = declare("timestep", [batchSize]);
  const signal = declare("signal", [batchSize, 1, 1, 1]);
  const share = declare("share", [batchSize, 1, 1, 1]);
  const weight = declare("weight", [batchSize]);
  const labels = declare("labels", [batchSize, config.classWidth]);
  const text = declare("text", [batchSize, tokens, config.textWidth]);
  return withTarget(target, () => {
    const mixed = add(mul(signal, latents), mul(share, noise));
    const found = unet(scope, { latents: mixed, timestep, text, labels }, config);
    const wanted = predictionType === "epsilon"
      ? noise
      : sub(mul(signal, noise), mul(share, latents));
    const difference = sub(found, wanted);
    const each: Value = reduceMean(mul(difference, difference), { axes: [1, 2, 3] });
    return {
      scope,
      loss: reduceMean(mul(each, weight)),
      outputs: { unweighted: reduceMean(each) },
      batch: [latents, noise, timestep, signal, share, weight, labels, text],
    };
  });
}
