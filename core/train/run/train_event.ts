/**
 * The events that a training run reports.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { LossScale } from "../../engine/optim/mod.ts";
import type { Device } from "../../engine/ort/mod.ts";
import type { Precision } from "../../engine/precision/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { LossRange, Manifest } from "../../method/manifest.ts";
import type { PairSimilarities } from "../step/pair_weighting.ts";
import type { StepResult } from "../step/step_inputs.ts";
import type { RankPlace } from "./run_ranks.ts";
import type { ConfigurationChange } from "./check_resumable.ts";

/** Pairs of views, and how they were judged; n of them, from the largest weight to the smallest. */
export interface JudgedPairs extends PairSimilarities {
  /** Foreground maps of both views, float32 `[n, P]` in [0, 1]. */
  readonly maps: readonly [Tensor<"float32">, Tensor<"float32">];
  /** Whole epochs that were finished before. */
  readonly epoch: number;
  /** uint8 `[n, S, S, 3]` of each view. */
  readonly pictures: readonly [Tensor<"uint8">, Tensor<"uint8">];
  /** Rows and columns of the maps. */
  readonly grid: readonly [rows: number, columns: number];
}

/** The processes that train a run together. */
export interface JointRanks {
  /** How many they are. */
  readonly size: number;
  /** What carries their messages, such as `Open MPI v4.1.4`. */
  readonly library: string;
  /** Machine and device of each, by rank. */
  readonly places: readonly RankPlace[];
}

/** An event of a training run. */
export type TrainEvent =
  | {
    /** The first step is about to be taken. */
    readonly kind: "start";
    /** Manifest of the method. */
    readonly method: Manifest;
    /** What the loss is expected to be, where that is known. */
    readonly lossRange?: LossRange;
    /** What the run is trained with, batches fitted to the data. */
    readonly configuration: Configuration;
    /** Where the graphs are computed. */
    readonly device: Device;
    /** The processes, if there are several. */
    readonly ranks?: JointRanks;
    /** What networks compute in. */
    readonly precision: Precision;
    /** Trained parameters. */
    readonly parameters: number;
    /** Whole batches in an epoch. */
    readonly stepsPerEpoch: number;
    /** Steps of all epochs. */
    readonly totalSteps: number;
    /** Steps that were taken before. */
    readonly resumedAt: number;
    /** Options that differ from those of these steps. */
    readonly changes: readonly ConfigurationChange[];
    /** How many samples have how many variations, where variations were looked for. */
    readonly coverage?: Dataset["coverage"];
    /** Spread of embeddings that are uniform on the sphere, to compare the run's with. */
    readonly uniformSpread: number;
  }
  | ({
    /** A step was taken. */
    readonly kind: "step";
    /** Steps taken, this one included. */
    readonly step: number;
    /** Whole epochs that were finished before. */
    readonly epoch: number;
    /** Learning rate of the step, by schedule and batch size. */
    readonly learningRate: number;
    /** Seconds that the step took, without the wait for its images. */
    readonly seconds: number;
    /** Seconds of it in which this process spoke with others or waited for them, where there are several. */
    readonly communicationSeconds?: number;
    /** The scale of the loss after the step, where it is scaled. */
    readonly lossScale?: LossScale;
  } & StepResult)
  | {
    /** An epoch was finished. */
    readonly kind: "epoch";
    /** Whole epochs that were finished. */
    readonly epoch: number;
    /** Steps taken. */
    readonly step: number;
    /** Mean over the steps of this epoch. */
    readonly loss: number;
    /** Seconds that its steps and the waits for their images took. */
    readonly seconds: number;
    /** Seconds of it in which the step waited for images. */
    readonly waitSeconds: number;
    /** Images of it that could not be read, each time that another came in their place. */
    readonly skipped: number;
    /** Scores of the evaluation, by name; none where none was due. */
    readonly metrics: Readonly<Record<string, number>>;
  }
  | {
    /** A checkpoint was saved. */
    readonly kind: "checkpoint";
    /** The checkpoint's folder. */
    readonly path: string;
    /** Steps taken before it. */
    readonly step: number;
  }
  | ({
    /** Pairs of the first batch of an epoch were drawn. */
    readonly kind: "pairs";
    /** File in which they are drawn. */
    readonly path: string;
  } & JudgedPairs)
  | { readonly kind: "note"; readonly message: string }
  | { readonly kind: "warning"; readonly message: string }
  | {
    /** Formulations of a convolution are about to be timed. */
    readonly kind: "tuning";
    /** Convolutions whose formulations have been timed. */
    readonly done: number;
    /** Convolutions in all. */
    readonly total: number;
  };
