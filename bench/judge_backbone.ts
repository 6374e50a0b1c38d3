/**
 * How good the features of a backbone are, by the scores that comparisons on emoji have.
 *
 * @module
 */
import type { Dataset } from "../core/data/dataset.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import { CPU, type Device } from "../core/engine/ort/mod.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { type NetworkScores, scoreNetwork } from "../core/report/mod.ts";

/** How good features are; shares between 0 and 1. */
export interface FeatureScores {
  /** Accuracy of classification by nearest neighbours. */
  readonly knnTop1: number;
  /** Accuracy of a linear classifier on features that are taken once. */
  readonly probeTop1: number;
  /** Share of the queries whose nearest neighbour in the bank shows the same thing. */
  readonly recallAt1: number;
}

/** The scores, and what they are called in a table. */
export const SCORES: Readonly<Record<keyof FeatureScores, string>> = {
  knnTop1: "kNN",
  probeTop1: "linear probe",
  recallAt1: "retrieval",
};

/** Labelled images that vote and train the probe, and those that are classified; some of them show the same. */
export type JudgingData = readonly [bank: Dataset, queries: Dataset];

/** Where a backbone is judged. */
export interface JudgingPlacement {
  /** Device (default the CPU). */
  readonly device?: Device;
  /** Threads on the CPU (default all cores). */
  readonly threads?: number;
}

/** The scores of a network, or of pixels. */
export function figuresOf({ features, probe }: NetworkScores): FeatureScores {
  return {
    knnTop1: features.knn.top1,
    probeTop1: probe.top1,
    recallAt1: features.retrieval!.forward.recallAt1,
  };
}

/**
 * Judges a configuration's backbone by its weights.
 *
 * @param weights parameters and buffers by full name, such as `backbone.conv1.weight`; others are left alone
 */
export async function judgeBackbone(
  weights: ReadonlyMap<string, Tensor>,
  configuration: Configuration,
  [bank, queries]: JudgingData,
  { device = CPU, threads = 0 }: JudgingPlacement = {},
): Promise<FeatureScores> {
  const run = { ...configuration, threads };
  return figuresOf(await scoreNetwork(weights, { configuration: run, bank, queries, device }));
}
