/**
 * What a person sees while variations are generated.
 *
 * @module
 */
import type { VariationCounts, VariationEvent } from "../../core/variations/mod.ts";
import { ProgressLine, type ProgressOutput, progressOutput } from "./progress_line.ts";

/** A progress line on standard error, with images a second, however slow, and the time that is left. */
export class VariationsDisplay implements Disposable {
  #progress: ProgressLine | undefined;
  #began = 0;
  #existing = 0;
  readonly #output: ProgressOutput;

  /** @param write takes the text; by default to standard error */
  constructor(write?: (text: string) => void) {
    this.#output = progressOutput(write);
  }

  /** Shows an event. */
  readonly show = (event: VariationEvent): void => {
    if (event.kind === "start") this.#start(event.total, event.existing);
    else if (event.kind === "progress") this.#update(event);
    else if (event.kind === "note") this.note(event.text);
    else this.note(`${event.stage === "reading" ? "warning" : "failed"}: ${event.message}`);
  };

  #start(total: number, existing: number): void {
    this.#began = performance.now();
    this.#existing = existing;
    this.#progress = new ProgressLine({
      total,
      start: existing,
      ...this.#output,
    });
    this.#update({ made: 0, unreadable: 0, failed: 0 });
  }

  #update({ made, unreadable, failed }: VariationCounts): void {
    const seconds = (performance.now() - this.#began) / 1000;
    this.#progress?.update(this.#existing + made + unreadable + failed, {
      ...(made > 0 && { "img/s": made / seconds }),
      ...(unreadable > 0 && { unreadable }),
      ...(failed > 0 && { failed }),
    });
  }

  /** Writes a line above the progress. */
  note(text: string): void {
    if (this.#progress !== undefined) this.#progress.note(text);
    else this.#output.write(`${text}\n`);
  }

  /** Ends the progress line. */
  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
  }
}
