/**
 * What a training run reports while it goes on.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Device } from "../../engine/ort/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { Manifest } from "../../method/manifest.ts";
import type { PairJudgement } from "../step/pair_weighting.ts";
import type { StepResult } from "../step/training_step.ts";
import type { ConfigurationChange } from "./check_resumable.ts";

/** Pairs of views, and how they were judged; n of them, from the largest weight to the smallest. */
export interface JudgedPairs extends PairJudgement {
  /** Whole epochs that were finished before. */
  readonly epoch: number;
  /** uint8 `[n, S, S, 3]` of each view. */
  readonly pictures: readonly [Tensor<"uint8">, Tensor<"uint8">];
  /** Rows and columns of the maps. */
  readonly grid: readonly [rows: number, columns: number];
}

/** What happens while a run goes on. */
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
    /** Options that differ from those of these steps. */
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
  | ({
    readonly kind: "pairs";
    /** File in which they are drawn. */
    readonly path: string;
  } & JudgedPairs)
  | { readonly kind: "note"; readonly message: string }
  | { readonly kind: "warning"; readonly message: string }
  | {
    readonly kind: "tuning";
    /** Convolutions whose formulations have been timed. */
    readonly done: number;
    readonly total: number;
  };
