/**
 * The logs of a run: its configuration, JSON lines for programs and TensorBoard events for people.
 *
 * @module
 */
import { join } from "node:path";
import { JsonLinesLog } from "../../files/json_lines.ts";
import { TensorBoardLog } from "./tensorboard.ts";
import {
  type RunDescription,
  updateDescription,
  writeDescription,
} from "../run/run_description.ts";
import type { LossScale } from "../../engine/optim/mod.ts";
import type { StepResult } from "../step/step_inputs.ts";

/** A step as it is logged. */
export interface LoggedStep extends Omit<StepResult, "updated"> {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** Without the wait for its images. */
  readonly seconds: number;
  /** Seconds of it in which this process spoke with others or waited for them, where there are several. */
  readonly communicationSeconds?: number;
  /** The scale of the loss after the step, where it is scaled. */
  readonly lossScale?: LossScale;
}

/** Name of the file of what is said to people. */
export const MESSAGES_FILE = "messages.jsonl";

/** What a message is; the last of a run that has failed is an `error`. */
export type MessageKind = "note" | "warning" | "error";

/** The logs of one run. */
export class RunLog implements Disposable {
  readonly #owned: DisposableStack;
  readonly #steps: JsonLinesLog;
  readonly #epochs: JsonLinesLog;
  readonly #messages: JsonLinesLog;
  readonly #tensorBoard: TensorBoardLog;

  private constructor(
    owned: DisposableStack,
    { steps, epochs, messages }: {
      readonly steps: JsonLinesLog;
      readonly epochs: JsonLinesLog;
      readonly messages: JsonLinesLog;
    },
    tensorBoard: TensorBoardLog,
  ) {
    this.#owned = owned;
    this.#steps = steps;
    this.#epochs = epochs;
    this.#messages = messages;
    this.#tensorBoard = tensorBoard;
  }

  /**
   * Starts the logs of a run, or takes them up after the step at which it is resumed.
   *
   * @throws {Deno.errors.AlreadyExists} if the folder holds a run that is not resumed
   * @throws {Deno.errors.NotFound} if it holds none that could be
   * @throws {GenviewError} if the system refuses, such as on a full disk
   */
  static async open(
    output: string,
    description: RunDescription,
    { resumedAt }: { readonly resumedAt?: number } = {},
  ): Promise<RunLog> {
    if (resumedAt === undefined) await writeDescription(output, description);
    else await updateDescription(output, description, resumedAt);
    // Epoch 0 is logged at step 0, before the first step; else the first line to come is of the next step.
    const resume = resumedAt === undefined ? {} : { resumeAt: resumedAt === 0 ? 0 : resumedAt + 1 };
    using owned = new DisposableStack();
    const steps = owned.use(await JsonLinesLog.open(join(output, "steps.jsonl"), resume));
    const epochs = owned.use(await JsonLinesLog.open(join(output, "epochs.jsonl"), resume));
    // What is said before the first step is said of the steps that were taken.
    const resumeMessages = resumedAt === undefined ? {} : { resumeAt: resumedAt };
    const messages = owned.use(
      await JsonLinesLog.open(join(output, MESSAGES_FILE), resumeMessages),
    );
    const tensorBoard = owned.use(new TensorBoardLog(join(output, "tensorboard"), resume));
    const { method, configuration: { options, ...configuration } } = description;
    const named = Object.entries(options).map(([name, value]) => [`option.${name}`, value]);
    tensorBoard.hyperParameters({ method, ...configuration, ...Object.fromEntries(named) });
    return new RunLog(owned.move(), { steps, epochs, messages }, tensorBoard);
  }

  /** A sentence for each log of which lines could not be read, and were left out. */
  get warnings(): readonly string[] {
    return [this.#steps, this.#epochs, this.#messages].filter(({ damaged }) => damaged.length > 0)
      .map(
        ({ path, damaged }) => `${path} was damaged: left out lines ${damaged.join(", ")}`,
      );
  }

  /** Brings what was logged to the disk, so that a checkpoint never is ahead of it. */
  async sync(): Promise<void> {
    await this.#steps.sync();
    await this.#epochs.sync();
  }

  /** Logs a step. */
  step(
    {
      step,
      epoch,
      learningRate,
      seconds,
      communicationSeconds,
      loss,
      spread,
      gradientNorm,
      lossScale,
      metrics,
    }: LoggedStep,
  ): void {
    this.#steps.write({
      step,
      epoch,
      loss,
      spread,
      gradientNorm,
      learningRate,
      seconds,
      ...(communicationSeconds !== undefined && { communicationSeconds }),
      ...(lossScale && {
        lossScale: lossScale.scale,
        skippedSteps: lossScale.skippedSteps,
      }),
      ...metrics,
    });
    this.#tensorBoard.scalars(step, {
      "train/loss": loss,
      "train/embedding_spread": spread,
      "train/gradient_norm": gradientNorm,
      "train/learning_rate": learningRate,
      "train/seconds_per_step": seconds,
      ...(communicationSeconds !== undefined && {
        "train/communication_share": communicationSeconds / seconds,
      }),
      ...(lossScale && {
        "train/loss_scale": lossScale.scale,
        "train/skipped_steps": lossScale.skippedSteps,
      }),
      ...tagged("train", metrics),
    });
  }

  /** Logs what is known after an epoch; epoch 0 is before the first. */
  epoch(step: number, epoch: number, values: Readonly<Record<string, number>>): void {
    this.#epochs.write({ step, epoch, ...values });
    this.#tensorBoard.scalars(step, tagged("epoch", values));
  }

  /** Logs what is said to people after so many steps, or why the run has ended. */
  message(step: number, kind: MessageKind, message: string): void {
    this.#messages.write({ step, kind, message });
  }

  /** Logs a picture, given as a PNG file's bytes. */
  image(step: number, tag: string, png: Uint8Array): void {
    this.#tensorBoard.image(step, tag, png);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** A metric's name as TensorBoard's tags have it: `recallAt1` is `recall_at_1`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]|(?<=At)\d+/g, (part) => `_${part.toLowerCase()}`);
}

function tagged(
  group: string,
  values: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${group}/${snakeCase(name)}`, value]),
  );
}
