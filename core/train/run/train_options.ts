/**
 * What a training run is given, what it tells while it goes on, and how it ends.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Device, DeviceTensor } from "../../engine/ort/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { LoadedMethod } from "../../method/load.ts";
import type { Manifest } from "../../method/manifest.ts";
import type { ConfigurationChange } from "./check_resumable.ts";
import type { PairEncoder, PairJudgement } from "../step/pair_weighting.ts";
import type { StepResult } from "../step/training_step.ts";

/** What a run tells while it goes on. */
export type TrainEvent =
  | {
    readonly kind: "start";
    readonly method: Manifest;
    readonly configuration: Configuration;
    readonly device: Device;
    /** Trained parameters. */
    readonly parameters: number;
    readonly stepsPerEpoch: number;
    readonly totalSteps: number;
    /** Steps that were taken before. */
    readonly resumedAt: number;
    /** What of the configuration was otherwise in those. */
    readonly changes: readonly ConfigurationChange[];
    /** How many of how many samples have variations, where variations were looked for. */
    readonly coverage?: Dataset["coverage"];
    /** Spread of uniform embeddings, beside which that of the run is read. */
    readonly uniformSpread: number;
  }
  | ({
    readonly kind: "step";
    /** Steps taken, this one included. */
    readonly step: number;
    readonly epoch: number;
    readonly learningRate: number;
    /** From when its images were there to its end: without the wait for them. */
    readonly seconds: number;
  } & StepResult)
  | {
    readonly kind: "epoch";
    readonly epoch: number;
    readonly step: number;
    /** Mean over the steps of this epoch. */
    readonly loss: number;
    readonly seconds: number;
    /** Seconds of it in which the step waited for images. */
    readonly waitSeconds: number;
    /** Images of it that could not be read, each time that another came in their place. */
    readonly skipped: number;
    readonly metrics: Readonly<Record<string, number>>;
  }
  | { readonly kind: "checkpoint"; readonly path: string; readonly step: number }
  | { readonly kind: "warning"; readonly message: string }
  | {
    readonly kind: "tuning";
    /** Convolutions whose formulations have been timed. */
    readonly done: number;
    readonly total: number;
  };

/** What an evaluation during a run may look at. */
export interface RunView {
  /** Whole epochs that were finished; 0 before the first. */
  readonly epoch: number;
  readonly backbone: Backbone;
  readonly device: Device;
  /** Parameters and buffers where they lie, by full name. */
  readonly weights: ReadonlyMap<string, DeviceTensor>;
}

/** Pairs of views, and how they were judged; n of them, from the largest weight to the smallest. */
export interface JudgedPairs extends PairJudgement {
  /** Whole epochs that were finished before. */
  readonly epoch: number;
  /** uint8 `[n, S, S, 3]` of each view. */
  readonly pictures: readonly [Tensor<"uint8">, Tensor<"uint8">];
  /** Rows and columns of the maps. */
  readonly grid: readonly [rows: number, columns: number];
}

/** Who is shown pairs, and how many. */
export interface PairsShown {
  readonly count: number;
  readonly show: (pairs: JudgedPairs) => Promise<void>;
}

/** What a run is. */
export interface TrainOptions {
  readonly method: LoadedMethod;
  readonly configuration: Configuration;
  readonly dataset: Dataset;
  /** Folder for checkpoints and logs. */
  readonly output: string;
  /**
   * `latest`, or the path of the checkpoint from which to go on; from the start when left out. The run in `output` goes
   * on from its own last checkpoint, a new run starts there from one of another run.
   */
  readonly resume?: string;
  /** Is asked for metrics before the first epoch and after every `evaluateEvery` epochs. */
  readonly evaluate?: (run: RunView) => Promise<Readonly<Record<string, number>>>;
  /** Says how much each pair of views counts; all count alike when left out. */
  readonly pairEncoder?: PairEncoder;
  /** Is shown the pairs of most and least weight of the first batch of every epoch, as the encoder judged them. */
  readonly pairsShown?: PairsShown;
  /** When it aborts, the run saves a checkpoint after the step that it is in and ends. */
  readonly signal?: AbortSignal;
  readonly report?: (event: TrainEvent) => void;
}

/** How a run ended. */
export interface TrainResult {
  /** Steps that were taken in all. */
  readonly step: number;
  /** Whether all epochs were done. */
  readonly finished: boolean;
  /** The last checkpoint. */
  readonly checkpoint: string;
  /** Images that could not be read since the run was started or resumed, each time that another came in their place. */
  readonly skipped: number;
}
