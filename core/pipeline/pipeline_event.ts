/**
 * What a run of the pipeline reports.
 *
 * @module
 */
import type { ExtractionEvent } from "../masking/mod.ts";
import type { RatioEvent } from "../noise/mod.ts";
import type { EvaluateEvent, TrainEvent } from "../train/mod.ts";
import type { VariationEvent } from "../variations/mod.ts";
import type { StageName } from "./choose_stages.ts";

/** Files of a set of weights that have to be downloaded. */
export interface WeightsDownload {
  /** Name of the set in the catalogue. */
  readonly name: string;
  /** How many files are missing. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
}

/** How long a stage is going to take. */
export interface StageEstimate {
  /** The stage. */
  readonly stage: StageName;
  /** What its work is counted in, such as `images`. */
  readonly unit: string;
  /** How many of these there are. */
  readonly count: number;
  /** Seconds of each, as measured. */
  readonly secondsEach: number;
}

/** One report of a run of the pipeline. */
export type PipelineEvent =
  /** Weights that have to be downloaded first. */
  | { readonly kind: "downloads"; readonly downloads: readonly WeightsDownload[] }
  /** How many bytes of a file have arrived. */
  | {
    readonly kind: "download";
    readonly path: string;
    readonly received: number;
    readonly size: number;
  }
  /** The speed of a stage is about to be measured. */
  | { readonly kind: "measuring"; readonly stage: StageName }
  /** How long the stages are going to take, of those that take long. */
  | { readonly kind: "estimate"; readonly stages: readonly StageEstimate[] }
  /** A stage begins, or goes on where it was stopped. */
  | { readonly kind: "begin"; readonly stage: StageName }
  /** A stage is left out, and why: it is done already, or there is nothing for it to do. */
  | { readonly kind: "left out"; readonly stage: StageName; readonly reason: string }
  /** A stage is done: what it has found, in a line, and the seconds that it took. */
  | {
    readonly kind: "end";
    readonly stage: StageName;
    readonly found: string;
    readonly seconds: number;
  }
  | { readonly kind: "features"; readonly event: ExtractionEvent }
  | { readonly kind: "ratios"; readonly event: RatioEvent }
  | { readonly kind: "variations"; readonly event: VariationEvent }
  | { readonly kind: "pretraining"; readonly event: TrainEvent }
  | { readonly kind: "evaluation"; readonly event: EvaluateEvent };
