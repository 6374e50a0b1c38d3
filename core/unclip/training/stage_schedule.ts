/**
 * What the scalars of a stage's update are at each step.
 *
 * @module
 */
import { adamW, schedule } from "../../engine/optim/mod.ts";
import type { Precision } from "../../engine/precision/precision.ts";
import type { StageOptimization } from "./built_stage.ts";
import type { NetworkOptimization } from "./generator_configuration.ts";

/** AdamW as diffusers' training programs have it. */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** How a stage's parameters follow their gradients. */
export function optimizationOf(
  { clipGradientNorm }: NetworkOptimization,
  precision: Precision,
): StageOptimization {
  return { ...ADAM, clipGradientNorm, precision };
}

/**
 * Share of the moving averages that a step leaves: it grows with the steps, so that early averages forget the initial
 * parameters.
 *
 * Source: diffusers, `training_utils.py`, `EMAModel.get_decay` without `use_ema_warmup`.
 *
 * @param step counted from 0
 * @param decay what it grows to
 */
export function averageDecayAt(step: number, decay: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

/**
 * The scalars of a stage's update by name, from 0-based steps and the steps among those before that were skipped: the
 * learning rate rises along a line and falls along half a cosine to 0.
 *
 * @throws {RangeError} if the warm-up is longer than the run
 */
export function stageScalars(
  { learningRate, warmupSteps, weightDecay, steps, averageDecay }: NetworkOptimization,
): (step: number, skipped: number) => Readonly<Record<string, number>> {
  const warmup = warmupSteps === 0 ? {} : { warmup: { epochs: warmupSteps } };
  // In steps: as shares of epochs, a warm-up of all steps can be longer than they are by a rounding.
  const length = { totalSteps: steps, stepsPerEpoch: 1 };
  const rate = schedule({ kind: "cosine", value: learningRate, ...warmup }, length);
  const { stepScalars } = adamW(ADAM);
  return (step, skipped) => ({
    learning_rate: rate(step),
    weight_decay: weightDecay,
    ...stepScalars(step - skipped),
    average_rate: 1 - averageDecayAt(step, averageDecay),
  });
}
