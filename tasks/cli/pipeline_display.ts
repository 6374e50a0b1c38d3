/**
 * What a person sees of the pipeline.
 *
 * @module
 */
import type { PipelineEvent, StageEstimate } from "../../core/pipeline/mod.ts";
import { DownloadDisplay, formatBytes } from "./download_display.ts";
import { EvaluateDisplay } from "./evaluate_display.ts";
import { MaskingDisplay } from "./masking_display.ts";
import { formatDuration, progressOutput } from "./progress_line.ts";
import { TrainDisplay } from "./train_display.ts";
import { VariationsDisplay } from "./variations_display.ts";

/** How long the stages are going to take: a line for each, and their sum. */
export function describeEstimate(stages: readonly StageEstimate[]): string {
  const times = stages.map(({ count, secondsEach }) => count * secondsEach);
  const lines = stages.map(({ stage, unit, count, secondsEach }, i) =>
    `  ${stage}: ${formatDuration(times[i]!)} (${count} ${unit}, ${
      secondsEach.toPrecision(2)
    } s each)`
  );
  const sum = times.reduce((before, time) => before + time, 0);
  return ["at the speed of a few images, the stages will take:", ...lines]
    .concat(`  together: ${formatDuration(sum)}`).join("\n");
}

/** The displays of the stages, of which one is open at a time. */
interface Displays {
  readonly features: MaskingDisplay;
  readonly ratios: MaskingDisplay;
  readonly variations: VariationsDisplay;
  readonly pretraining: TrainDisplay;
  readonly evaluation: EvaluateDisplay;
}

/** Shows the stages, each by the display that the task of its own has. */
export class PipelineDisplay implements Disposable {
  readonly #write: (text: string) => void;
  readonly #makers: { readonly [Name in keyof Displays]: () => Displays[Name] };
  #open: Partial<Displays> = {};
  #download: DownloadDisplay | undefined;

  /** @param write takes the text; by default to standard error */
  constructor(write?: (text: string) => void) {
    this.#write = progressOutput(write).write;
    this.#makers = {
      features: () => new MaskingDisplay(write),
      ratios: () => new MaskingDisplay(write),
      variations: () => new VariationsDisplay(write),
      pretraining: () => new TrainDisplay(write),
      evaluation: () => new EvaluateDisplay(write),
    };
  }

  /** Shows an event. */
  show(event: PipelineEvent): void {
    switch (event.kind) {
      case "features":
        return this.#display("features").show(event.event);
      case "ratios":
        return this.#display("ratios").show(event.event);
      case "variations":
        return this.#display("variations").show(event.event);
      case "pretraining":
        return this.#display("pretraining").show(event.event);
      case "evaluation":
        return this.#display("evaluation").show(event.event);
      case "download":
        this.#download ??= new DownloadDisplay({
          write: this.#write,
          terminal: Deno.stderr.isTerminal(),
          now: () => performance.now(),
        });
        return this.#download.update(event.path, event.received, event.size);
      default:
        return this.note(describe(event));
    }
  }

  #display<Name extends keyof Displays>(name: Name): Displays[Name] {
    return (this.#open[name] ??= this.#makers[name]()) as Displays[Name];
  }

  /** Writes a line, below what was shown of a stage. */
  note(text: string): void {
    this[Symbol.dispose]();
    this.#write(`${text}\n`);
  }

  /** Ends the progress line that is open. */
  [Symbol.dispose](): void {
    for (const display of Object.values(this.#open)) display[Symbol.dispose]();
    this.#open = {};
    this.#download?.[Symbol.dispose]();
    this.#download = undefined;
  }
}

type Told = Extract<
  PipelineEvent,
  { readonly kind: "downloads" | "measuring" | "estimate" | "begin" | "left out" | "end" }
>;

/** An event in words. */
function describe(event: Told): string {
  switch (event.kind) {
    case "downloads": {
      const sum = event.downloads.reduce((before, { bytes }) => before + bytes, 0);
      const lines = event.downloads.map(({ name, files, bytes }) =>
        `  ${name}: ${formatBytes(bytes)} in ${files} ${files === 1 ? "file" : "files"}`
      );
      return ["to be downloaded:", ...lines, `  together: ${formatBytes(sum)}`].join("\n");
    }
    case "measuring":
      return `measuring a few images of ${event.stage}`;
    case "estimate":
      return describeEstimate(event.stages);
    case "begin":
      return `${event.stage}:`;
    case "left out":
      return `${event.stage} left out: ${event.reason}`;
    case "end":
      return `${event.stage} done in ${formatDuration(event.seconds)}: ${event.found}`;
  }
}
