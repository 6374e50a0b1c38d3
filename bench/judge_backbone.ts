/**
 * How good the features of a backbone are, by the scores that comparisons on emoji have.
 *
 * @module
 */
import type { Dataset } from "../core/data/dataset.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import { CPU, type Device, DeviceTensor } from "../core/engine/ort/mod.ts";
import { configuredRecipe } from "../core/evaluate/configured_evaluation.ts";
import { type BackboneScores, evaluateBackbone } from "../core/evaluate/evaluate_backbone.ts";
import { probeBackbone } from "../core/evaluate/probe_backbone.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { configuredBackbone } from "../core/train/run/run_plan.ts";

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

/** The scores of features that were evaluated. */
export async function featureScores(
  scores: BackboneScores,
  { threads = 0 }: JudgingPlacement,
): Promise<FeatureScores> {
  const probe = await probeBackbone(scores, { threads });
  return {
    knnTop1: scores.knn.top1,
    probeTop1: probe.top1,
    recallAt1: scores.retrieval!.forward.recallAt1,
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
  using owned = new DisposableStack();
  const placed = new Map(
    [...weights].filter(([name]) => name.startsWith("backbone.")).map(([name, value]) =>
      [name, owned.use(DeviceTensor.from(value, device))] as const
    ),
  );
  const scores = await evaluateBackbone(
    { backbone: configuredBackbone(configuration), device, weights: placed },
    { bank, queries, recipe: configuredRecipe(configuration), threads },
  );
  return await featureScores(scores, { threads });
}
