/**
 * What a person sees while a generator is trained.
 *
 * @module
 */
import type { StageEvent, TrainedNetwork } from "../../core/unclip/training/stage_event.ts";
import { ProgressLine, type ProgressOutput, progressOutput } from "./progress_line.ts";

/** What networks are called. */
const NAMES: Readonly<Record<TrainedNetwork, string>> = {
  "image encoder": "image encoder",
  autoencoder: "autoencoder",
  unet: "UNet",
};

/** What images are gone through for. */
const READINGS = {
  encode: "encoding NUMBER images for the UNet",
  export: "encoding NUMBER images for the image encoder's embedding",
  layouts: "reading NUMBER images for their layouts",
} as const;

/** A progress line on standard error for each stage, with notes above it. */
export class GeneratorDisplay implements Disposable {
  #progress: ProgressLine | undefined;
  #reading: keyof typeof READINGS | undefined;
  readonly #output: ProgressOutput;

  /** @param write takes the text; by default to standard error */
  constructor(write?: (text: string) => void) {
    this.#output = progressOutput(write);
  }

  /** Shows an event. */
  readonly show = (event: StageEvent): void => {
    if (event.kind === "start") this.#start(event);
    else if (event.kind === "step") {
      const { step, loss, imagesPerSecond } = event;
      this.#progress?.update(step, { loss, "img/s": Math.round(imagesPerSecond) });
    } else if (event.kind === "epoch") this.#epoch(event);
    else if ("done" in event) this.#read(event);
    else this.note(event.kind === "warning" ? `warning: ${event.message}` : event.message);
  };

  #begin(total: number, start: number): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = new ProgressLine({ total, start, ...this.#output });
  }

  #start(
    { stage, parameters, totalSteps, resumedAt, lossRange }: Extract<StageEvent, { kind: "start" }>,
  ): void {
    this.#reading = undefined;
    this.#begin(totalSteps, resumedAt);
    const from = resumedAt > 0 ? `, from step ${resumedAt}` : "";
    this.note(
      `${NAMES[stage]}: ${(parameters / 1e6).toFixed(2)} M parameters, ${totalSteps} steps${from}`,
    );
    if (lossRange !== undefined) this.note(lossRange.note);
  }

  #epoch({ stage, epoch, metrics }: Extract<StageEvent, { kind: "epoch" }>): void {
    const { seconds, ...others } = metrics;
    const figures = Object.entries(others).map(([name, value]) => {
      const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      return `${words} ${value.toFixed(4)}`;
    });
    const took = seconds === undefined ? [] : [`${seconds.toFixed(1)} s`];
    this.note(`${NAMES[stage]}, epoch ${epoch}: ${[...figures, ...took].join(", ")}`);
  }

  #read(
    { kind, done, total }: Extract<StageEvent, { readonly kind: keyof typeof READINGS }>,
  ): void {
    if (this.#reading !== kind) {
      this.#reading = kind;
      this.#begin(total, 0);
      this.note(READINGS[kind].replace("NUMBER", String(total)));
    }
    this.#progress?.update(done);
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
