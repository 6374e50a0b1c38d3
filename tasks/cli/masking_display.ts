/**
 * What is seen of an extraction of features, and of a computation of ratios.
 *
 * @module
 */
import { counted } from "../../core/schema/counted.ts";
import type { ExtractionEvent } from "../../core/masking/mod.ts";
import type { RatioEvent } from "../../core/noise/mod.ts";
import { ProgressLine, type ProgressOutput, progressOutput } from "./progress_line.ts";

/** Shows events as a progress line for each phase, and as notes. */
export class MaskingDisplay implements Disposable {
  readonly #output: ProgressOutput;
  #phase = "";
  #progress: ProgressLine | undefined;

  /** @param write takes the text; by default to standard error */
  constructor(write?: (text: string) => void) {
    this.#output = progressOutput(write);
  }

  /** Shows one event. */
  show(event: ExtractionEvent | RatioEvent): void {
    switch (event.kind) {
      case "progress": {
        const { done, total } = event;
        if ("without" in event) {
          const { without } = event;
          this.#line("ratios", total).update(done, without > 0 ? { "without ratio": without } : {});
        } else this.#line(event.phase, total).update(done, { phase: event.phase });
        return;
      }
      case "all images":
        return this.#note(
          `${counted(event.images, "image is", "images are")} taken; there are no more`,
        );
      case "present":
        return this.#note(`${event.images} of ${event.total} images have features already`);
      case "decomposing":
        return this.#note(`decomposing the covariance of ${event.tokens} tokens`);
      case "warning":
        return this.#note(`warning: ${event.message}`);
    }
  }

  #line(phase: string, total: number): ProgressLine {
    if (this.#progress === undefined || phase !== this.#phase) {
      this.#progress?.[Symbol.dispose]();
      this.#phase = phase;
      this.#progress = new ProgressLine({
        total,
        imagesPerStep: 1,
        ...this.#output,
      });
    }
    return this.#progress;
  }

  #note(text: string): void {
    if (this.#progress === undefined) this.#output.write(`${text}\n`);
    else this.#progress.note(text);
  }

  /** Ends the progress line. */
  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
  }
}
