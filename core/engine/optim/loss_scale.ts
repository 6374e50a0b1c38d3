/**
 * Dynamic loss scaling, which keeps the gradients of half-precision passes from underflowing.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { INVERSE_LOSS_SCALE, LOSS_SCALE } from "./step_names.ts";

/** The scale of the loss, to be kept in checkpoints. */
export interface LossScale {
  /** Factor on the loss, by whose inverse the gradients are multiplied. */
  readonly scale: number;
  /** Steps in a row whose gradients were finite since the scale last changed. */
  readonly cleanSteps: number;
  /** Steps in all whose gradients were not, which were skipped. */
  readonly skippedSteps: number;
}

/** Options of dynamic loss scaling; the defaults are those of `torch.amp.GradScaler`. */
export interface LossScaleOptions {
  /** First scale (default 65536). */
  readonly initial?: number;
  /** Factor after enough clean steps, above 1 (default 2). */
  readonly growth?: number;
  /** Factor after a step whose gradients were not finite, in (0, 1) (default 0.5). */
  readonly backoff?: number;
  /** Clean steps from one growth to the next (default 2000). */
  readonly interval?: number;
}

function completed(given: LossScaleOptions): Required<LossScaleOptions> {
  const options = { initial: 65536, growth: 2, backoff: 0.5, interval: 2000, ...given };
  const { initial, growth, backoff, interval } = options;
  const wrong = [
    ...(initial > 0 && Number.isFinite(initial)
      ? []
      : [`initial must be above 0, found ${initial}`]),
    ...(growth > 1 ? [] : [`growth must be above 1, found ${growth}`]),
    ...(backoff > 0 && backoff < 1 ? [] : [`backoff must be in (0, 1), found ${backoff}`]),
    ...(Number.isInteger(interval) && interval >= 1
      ? []
      : [`interval must be a positive integer, found ${interval}`]),
  ];
  if (wrong.length > 0) throw new GenviewRangeError(`Cannot scale the loss: ${wrong.join("; ")}`);
  return options;
}

/**
 * The scale at the start of a run.
 *
 * @throws {RangeError} if an option is out of range
 */
export function initialLossScale(options: LossScaleOptions = {}): LossScale {
  return { scale: completed(options).initial, cleanSteps: 0, skippedSteps: 0 };
}

/**
 * The scale of the next step.
 *
 * ```ts
 * import { initialLossScale, nextLossScale } from "./loss_scale.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nextLossScale(initialLossScale(), false), {
 *   scale: 32768,
 *   cleanSteps: 0,
 *   skippedSteps: 1,
 * });
 * ```
 *
 * @param finite whether all gradients of the step were finite, so that it was taken
 * @throws {RangeError} if an option is out of range
 */
export function nextLossScale(
  { scale, cleanSteps, skippedSteps }: LossScale,
  finite: boolean,
  options: LossScaleOptions = {},
): LossScale {
  const { growth, backoff, interval } = completed(options);
  if (!finite) return { scale: scale * backoff, cleanSteps: 0, skippedSteps: skippedSteps + 1 };
  if (cleanSteps + 1 < interval) return { scale, cleanSteps: cleanSteps + 1, skippedSteps };
  // A scale beyond the range of float32 would turn every loss into infinity.
  const grown = Number.isFinite(Math.fround(scale * growth)) ? scale * growth : scale;
  return { scale: grown, cleanSteps: 0, skippedSteps };
}

/** What the graphs of a step are fed of a scale: the factor on the loss, and its inverse. */
export function lossScaleScalars({ scale }: LossScale): Readonly<Record<string, number>> {
  return { [LOSS_SCALE]: scale, [INVERSE_LOSS_SCALE]: 1 / scale };
}
