/**
 * What a person sees of an evaluation.
 *
 * @module
 */
import type { EvaluateEvent } from "../../core/train/run/evaluate_network.ts";
import { ProgressLine, type ProgressOutput, progressOutput } from "./progress_line.ts";

/** The options that name the sets. */
const SETS = { bank: "--train", queries: "--test" } as const;

/** One progress line after another on standard error: features of each data set, then what is trained. */
export class EvaluateDisplay implements Disposable {
  #progress: ProgressLine | undefined;
  #shown = "";
  readonly #output: ProgressOutput;

  /** @param write takes the text; by default to standard error */
  constructor(write?: (text: string) => void) {
    this.#output = progressOutput(write);
  }

  /** Shows one event. */
  show(event: EvaluateEvent): void {
    if (event.kind === "warning") {
      const text = `warning: ${event.message}`;
      if (this.#progress === undefined) this.#output.write(`${text}\n`);
      else this.#progress.note(text);
    } else if (event.kind === "features") {
      this.#line(`features of ${event.data} (${SETS[event.set]})`, event.total).update(event.done);
    } else if (event.kind === "training") {
      const { name, done, total, epoch, loss } = event;
      // The first event of a training that goes on is far from its beginning.
      this.#line(name, total, done).update(done, {
        epoch: String(epoch + 1),
        ...(loss !== undefined && { loss }),
      });
    } else if (event.kind === "result") {
      const { name, figures: { top1, recallAt1 } } = event.result;
      this[Symbol.dispose]();
      this.#output.write(`${name}: ${(100 * (top1 ?? recallAt1 ?? NaN)).toFixed(2)} %\n`);
    } else {
      this.#line("linear probe on cached features", event.total).update(event.done, {
        loss: event.loss,
      });
    }
  }

  /** The progress line of a part, a new one for each part. */
  #line(part: string, total: number, start = 0): ProgressLine {
    if (this.#progress !== undefined && this.#shown === part) return this.#progress;
    this[Symbol.dispose]();
    this.#shown = part;
    this.#progress = new ProgressLine({
      total,
      start,
      ...this.#output,
    });
    this.#progress.note(part);
    return this.#progress;
  }

  /** Ends the progress line. */
  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = undefined;
  }
}
