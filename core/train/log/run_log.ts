/**
 * The logs of a run: its configuration, JSON lines for programs and TensorBoard events for people.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { JsonLinesLog } from "../../files/json_lines.ts";
import { TensorBoardLog } from "./tensorboard.ts";
import {
  type RunDescription,
  updateDescription,
  writeDescription,
} from "../run/run_description.ts";
import type { StepResult } from "../step/training_step.ts";

/** A step as it is logged. */
export interface LoggedStep extends StepResult {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** Without the wait for its images. */
  readonly seconds: number;
}

/** The logs of one run. */
export class RunLog implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #steps: JsonLinesLog;
  readonly #epochs: JsonLinesLog;
  readonly #tensorBoard: TensorBoardLog;

  private constructor(output: string, resumeAt: number | undefined) {
    const lines = (name: string) => {
      const path = join(output, name);
      // A run that was killed right after its start may have none.
      const resumed = resumeAt !== undefined && existsSync(path);
      return this.#owned.use(new JsonLinesLog(path, resumed ? { resumeAt } : {}));
    };
    this.#steps = lines("steps.jsonl");
    this.#epochs = lines("epochs.jsonl");
    this.#tensorBoard = this.#owned.use(
      new TensorBoardLog(join(output, "tensorboard"), resumeAt === undefined ? {} : { resumeAt }),
    );
  }

  /**
   * Starts the logs of a run, or takes them up after the step at which it is resumed.
   *
   * @throws {Deno.errors.AlreadyExists} if the folder holds a run that is not resumed
   * @throws {Deno.errors.NotFound} if it holds none that could be
   */
  static async open(
    output: string,
    description: RunDescription,
    { resumedAt }: { readonly resumedAt?: number } = {},
  ): Promise<RunLog> {
    if (resumedAt === undefined) {
      const { changes = [], ...known } = description;
      await writeDescription(output, { ...known, ...(changes.length > 0 && { changes }) });
      return new RunLog(output, undefined);
    }
    await updateDescription(output, description, resumedAt);
    // Epoch 0 is logged at step 0, before the first step; else the first line to come is of the next step.
    return new RunLog(output, resumedAt === 0 ? 0 : resumedAt + 1);
  }

  /** Logs a step. */
  step(
    { step, epoch, learningRate, seconds, loss, spread, gradientNorm, metrics }: LoggedStep,
  ): void {
    this.#steps.write({
      step,
      epoch,
      loss,
      spread,
      gradientNorm,
      learningRate,
      seconds,
      ...metrics,
    });
    this.#tensorBoard.scalars(step, {
      "train/loss": loss,
      "train/embedding_spread": spread,
      "train/gradient_norm": gradientNorm,
      "train/learning_rate": learningRate,
      "train/seconds_per_step": seconds,
      ...tagged("train", metrics),
    });
  }

  /** Logs what is known after an epoch; epoch 0 is before the first. */
  epoch(step: number, epoch: number, values: Readonly<Record<string, number>>): void {
    this.#epochs.write({ step, epoch, ...values });
    this.#tensorBoard.scalars(step, tagged("epoch", values));
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

function tagged(
  group: string,
  values: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]),
  );
}
