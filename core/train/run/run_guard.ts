/**
 * A watch over a run: a NaN or infinite loss and a collapse of the network stop it, with the usual remedies.
 *
 * @module
 */
import type { LossScale } from "../../engine/optim/mod.ts";
import { GenviewError } from "../../errors/mod.ts";
import { uniformSpread } from "../step/embedding_spread.ts";

/** Training that cannot continue: the loss is NaN or infinite, or the embeddings have collapsed. */
export class TrainingError extends GenviewError {
  /** Name of the class. */
  override readonly name = "TrainingError";
}

/** What is looked at of any step. */
export interface FiniteStep {
  /** Steps taken, this one included. */
  readonly step: number;
  /** The loss. */
  readonly loss: number;
  /** Norm of the whole gradient. */
  readonly gradientNorm: number;
  /** Whether parameters followed (default true). */
  readonly updated?: boolean;
  /** The scale of the loss after the step, where it is scaled: then a step may be skipped. */
  readonly lossScale?: LossScale;
}

/** What the guard looks at of a step. */
export interface GuardedStep extends FiniteStep {
  /** See `embeddingSpread`. */
  readonly spread: number;
}

/** Scale of the loss below which overflows are no matter of the scale any more. */
const SMALLEST_LOSS_SCALE = 2 ** -16;

/** Spread, as a share of that of uniform embeddings, below which a network counts as collapsed. */
export const COLLAPSED_SHARE = 0.02;

/** What usually helps where the loss or the gradient is not a number. */
export const NOT_FINITE_REMEDIES: string =
  "a lower --learning-rate, --warmup-epochs, --clip-gradient-norm 1";

/** What usually helps where embeddings collapse. */
export const COLLAPSE_REMEDIES: string =
  "a lower --learning-rate, a larger --batch-size, batch norm at the end of the projector, " +
  "a stopped gradient on the targets";

/** Steps in a row that must be collapsed before a run is stopped: a single batch may mislead. */
export const COLLAPSED_STEPS = 100;

/**
 * Refuses a step whose loss or gradient is NaN or infinite, unless it was skipped and the scale of the loss has room to fall.
 *
 * @param what is trained, as in "Cannot continue WHAT after step 3"
 * @param remedies what is usually done about it
 * @throws {TrainingError} if so
 */
export function checkFinite(
  { step, loss, gradientNorm, updated = true, lossScale }: FiniteStep,
  what: string,
  remedies: string,
): void {
  if (!updated && lossScale !== undefined && lossScale.scale >= SMALLEST_LOSS_SCALE) return;
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  throw new TrainingError(
    `Cannot continue ${what} after step ${step}: the loss is ${loss} and the gradient's norm ${gradientNorm}. ` +
      `Usual remedies: ${remedies}` +
      (lossScale === undefined
        ? ""
        : `; the scale of the loss is down to ${lossScale.scale}: --precision float32 overflows later`),
  );
}

/** What is done about a run of pretraining. */
const REMEDIES =
  `${NOT_FINITE_REMEDIES}; these may change when the run is resumed from its last checkpoint, which is from ` +
  "before this step";

/**
 * Watches the steps of one run.
 *
 * ```ts
 * import { RunGuard } from "./run_guard.ts";
 * import { assertThrows } from "@std/assert";
 *
 * const guard = new RunGuard(128);
 * assertThrows(() => guard.check({ step: 3, loss: NaN, gradientNorm: 1, spread: 0.05 }));
 * ```
 */
export class RunGuard {
  readonly #uniform: number;
  #collapsed = 0;

  /**
   * Starts to watch a run.
   *
   * @param embeddingWidth number of coordinates of the embeddings whose spread is watched
   */
  constructor(embeddingWidth: number) {
    this.#uniform = uniformSpread(embeddingWidth);
  }

  /**
   * Checks one step.
   *
   * @throws {TrainingError} if the loss or the gradient is not a number, or the embeddings have collapsed
   */
  check({ spread, ...finite }: GuardedStep): void {
    const { step, updated = true } = finite;
    checkFinite(finite, "the run", REMEDIES);
    // A step that was skipped may have a spread of NaN.
    if (!updated) return;
    this.#collapsed = spread < COLLAPSED_SHARE * this.#uniform ? this.#collapsed + 1 : 0;
    if (this.#collapsed >= COLLAPSED_STEPS) {
      throw new TrainingError(
        `Cannot continue after step ${step}: the embeddings have collapsed, their spread was below ` +
          `${(COLLAPSED_SHARE * this.#uniform).toExponential(1)} for ${COLLAPSED_STEPS} steps ` +
          `(uniform embeddings have ${
            this.#uniform.toFixed(4)
          }). Usual remedies: ${COLLAPSE_REMEDIES}`,
      );
    }
  }
}
