/**
 * The evaluation during a training run, as its configuration asks for it.
 *
 * @module
 */
import {
  checkEvaluation,
  evaluateBackbone,
  evaluationRecipe,
} from "../core/evaluate/evaluate_backbone.ts";
import { DEFAULT_NEIGHBORS } from "../core/evaluate/nearest_neighbors.ts";
import type { Dataset, EvaluationRecipe } from "../core/data/mod.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { viewRecipes } from "../core/data/views/named_views.ts";
import type { RunView, TrainOptions } from "../core/train/run/train_options.ts";
import { openEvaluationData } from "../core/data/mod.ts";

/** What an evaluation does about what is not as it should be. */
export interface EvaluateOptions {
  /** Is told once in a run of each image that cannot be read, and of fewer neighbours than usual. */
  readonly onWarning?: (message: string) => void;
}

/** What a linear probe learns from; published probes augment the images instead. */
export const PROBE_MODE = "cached features, standardised, without augmentation";

/** How evaluation draws and cuts a configuration's images. */
export function configuredRecipe(configuration: Configuration): EvaluationRecipe {
  return evaluationRecipe(configuration.imageSize, viewRecipes(configuration)[0]!.normalize);
}

/**
 * Classification of queries by their neighbours in a bank, for epochs after which a run is evaluated: by 20 neighbours,
 * or by all where there are fewer.
 *
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has no neighbours
 */
export function evaluationOf(
  bank: Dataset,
  queries: Dataset,
  configuration: Configuration,
  { onWarning }: EvaluateOptions = {},
): NonNullable<TrainOptions["evaluate"]> {
  // Before training starts, not after its first epochs.
  checkEvaluation({ bank, queries });
  const recipe = configuredRecipe(configuration);
  const { threads, strict } = configuration;
  const unreadable = new Map<string, string>();
  let warned = false;
  return async (run: RunView) => {
    const { knn, retrieval } = await evaluateBackbone(run, {
      bank,
      queries,
      recipe,
      strict,
      unreadable,
      ...(onWarning && { onWarning }),
      ...(threads > 0 && { threads }),
    });
    if (knn.k < DEFAULT_NEIGHBORS && !warned) {
      warned = true;
      onWarning?.(
        `Evaluated by ${knn.k} neighbours, all there are, instead of ${DEFAULT_NEIGHBORS}`,
      );
    }
    return {
      knn: knn.top1,
      ...(retrieval && { recallAt1: retrieval.forward.recallAt1 }),
    };
  };
}

/**
 * Classification of `evaluationData` by its neighbours in `data`, after epochs; undefined if the configuration names
 * no evaluation data.
 *
 * @throws {TypeError} if there are no such data, or they cannot be compared
 */
export async function configuredEvaluation(
  configuration: Configuration,
  options: EvaluateOptions = {},
): Promise<TrainOptions["evaluate"]> {
  const { data, evaluationData } = configuration;
  if (evaluationData === "") return undefined;
  const [bank, queries] = await openEvaluationData(data, evaluationData);
  return evaluationOf(bank, queries, configuration, options);
}
