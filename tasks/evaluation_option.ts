/**
 * The evaluation during a training run, as its configuration asks for it.
 *
 * @module
 */
import { evaluateBackbone, evaluationRecipe } from "../core/evaluate/evaluate_backbone.ts";
import type { Dataset, EvaluationRecipe } from "../core/data/mod.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { viewRecipes } from "../core/train/named_views.ts";
import type { RunView, TrainOptions } from "../core/train/train_options.ts";
import { openData } from "./data_option.ts";

/** How evaluation draws and cuts a configuration's images. */
export function configuredRecipe(configuration: Configuration): EvaluationRecipe {
  return evaluationRecipe(configuration.imageSize, viewRecipes(configuration)[0]!.normalize);
}

/** Classification of queries by their neighbours in a bank, for epochs after which a run is evaluated. */
export function evaluationOf(
  bank: Dataset,
  queries: Dataset,
  configuration: Configuration,
): NonNullable<TrainOptions["evaluate"]> {
  const recipe = configuredRecipe(configuration);
  const { threads } = configuration;
  return async (run: RunView) => {
    const { knn, retrieval } = await evaluateBackbone(run, {
      bank,
      queries,
      recipe,
      ...(threads > 0 && { threads }),
    });
    return {
      knn: knn.top1,
      ...(retrieval && { recallAt1: retrieval.forward.recallAt1 }),
    };
  };
}

/**
 * Classification of `evaluationData` by its neighbours in `data`, after epochs; undefined if the configuration names
 * no evaluation data.
 */
export async function configuredEvaluation(
  configuration: Configuration,
): Promise<TrainOptions["evaluate"]> {
  const { data, evaluationData } = configuration;
  if (evaluationData === "") return undefined;
  const bank = await openData(data, { redraw: false });
  const queries = evaluationData === data
    ? bank
    : await openData(evaluationData, { redraw: false });
  return evaluationOf(bank, queries, configuration);
}
