/**
 * What the training of a generator tells while it goes on.
 *
 * @module
 */

import type { LossRange } from "../../method/manifest.ts";

/** The parts of a generator that are trained one after the other. */
export type StageName = "autoencoder" | "unet";

/** What is trained in steps: the parts of a generator, and an image encoder that learns layouts before. */
export type TrainedNetwork = "image encoder" | StageName;

/** What happened. */
export type StageEvent =
  | {
    /** A stage begins or goes on. */
    readonly kind: "start";
    /** Of which network. */
    readonly stage: TrainedNetwork;
    /** Trained parameters. */
    readonly parameters: number;
    /** Steps in all. */
    readonly totalSteps: number;
    /** Steps that were taken before. */
    readonly resumedAt: number;
    /** What the loss is expected to be, where that is known. */
    readonly lossRange?: LossRange;
  }
  | {
    /** A step was taken. */
    readonly kind: "step";
    /** Of which network. */
    readonly stage: TrainedNetwork;
    /** Steps taken. */
    readonly step: number;
    /** The stage's loss. */
    readonly loss: number;
    /** Images of the batch for each second. */
    readonly imagesPerSecond: number;
  }
  | {
    /** A pass over the data has ended. */
    readonly kind: "epoch";
    /** Of which network. */
    readonly stage: TrainedNetwork;
    /** Passes that have ended. */
    readonly epoch: number;
    /** Means over its steps, and what was measured after it, by name. */
    readonly metrics: Readonly<Record<string, number>>;
  }
  | {
    /** Images were encoded for the UNet, or for the embedding of an image encoder that is exported, or read for their layouts. */
    readonly kind: "encode" | "export" | "layouts";
    /** How many. */
    readonly done: number;
    /** Of how many. */
    readonly total: number;
  }
  | {
    /** Something that should be known. */
    readonly kind: "warning" | "note";
    /** A sentence. */
    readonly message: string;
  };
