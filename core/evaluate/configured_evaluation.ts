/**
 * The evaluation during a training run, as its configuration asks for it.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { openEvaluationData } from "../data/open_data.ts";
import { viewRecipes } from "../data/views/named_views.ts";
import { evaluationRecipe } from "../data/views/presets.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import type { ProcessGroup } from "../distributed/mod.ts";
import type { Configuration } from "../method/configuration.ts";
import { checkEvaluation, evaluateBackbone, type PlacedBackbone } from "./evaluate_backbone.ts";
import { DEFAULT_NEIGHBORS } from "./nearest_neighbors.ts";
import { findOverlap } from "./overlap.ts";

/** Gives metrics of a network, such as after an epoch: `knnTop1`, and `recallAt1` where samples have counterparts. */
export type EvaluateNetwork = (
  network: PlacedBackbone,
) => Promise<Readonly<Record<string, number>>>;

/** Options of {@linkcode evaluationOf} and {@linkcode configuredEvaluation}. */
export interface EvaluationOptions {
  /** Called once in a run with each image that cannot be read, and with what makes figures hard to compare. */
  readonly onWarning?: (message: string) => void;
  /** Ranks that evaluate together; all of them must ask for each evaluation. */
  readonly group?: ProcessGroup | undefined;
}

/**
 * How evaluation cuts the images of a configuration.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveConfiguration } from "../method/resolve_configuration.ts";
 * import { configuredRecipe } from "./configured_evaluation.ts";
 *
 * assertEquals(configuredRecipe(resolveConfiguration({ imageSize: 224 })).shorterSide, 256);
 * ```
 */
export function configuredRecipe(
  configuration: Pick<Configuration, "imageSize" | "views">,
): EvaluationRecipe {
  // Recipes that are spelled out have a size of their own.
  const { size, normalize } = viewRecipes(configuration)[0]!;
  return evaluationRecipe(size, normalize);
}

/**
 * Classification of queries by their neighbours in a bank, for a network that is still being trained: by 20 neighbours,
 * or by all where there are fewer. An image that is in both sets is never its own neighbour.
 *
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has no neighbours
 */
export async function evaluationOf(
  bank: Dataset,
  queries: Dataset,
  configuration: Pick<Configuration, "imageSize" | "views" | "threads" | "strict">,
  { onWarning, group }: EvaluationOptions = {},
): Promise<EvaluateNetwork> {
  // Before training starts, not after its first epochs.
  const overlap = await findOverlap(bank, queries);
  checkEvaluation({ bank, queries }, overlap);
  const recipe = configuredRecipe(configuration);
  const { threads, strict } = configuration;
  const unreadable = new Map<string, string>();
  const shared = overlap.bankIndices.size;
  if (shared > 0) {
    onWarning?.(
      `${shared} of ${queries.length} evaluation images are training images too; each is left out of its own neighbours`,
    );
  }
  let warned = false;
  return async (network) => {
    const { knn, retrieval } = await evaluateBackbone(network, {
      bank,
      queries,
      recipe,
      strict,
      unreadable,
      overlap,
      ...(onWarning && { onWarning }),
      threads,
      group,
    });
    if (knn.k < DEFAULT_NEIGHBORS && !warned) {
      warned = true;
      onWarning?.(
        `Evaluated by ${knn.k} neighbours, all there are, instead of ${DEFAULT_NEIGHBORS}`,
      );
    }
    return {
      knnTop1: knn.top1,
      ...(retrieval && { recallAt1: retrieval.forward.recallAt1 }),
    };
  };
}

/**
 * Classification of `evaluationData` by its neighbours in `data`, for `train()`; undefined if the configuration names no
 * evaluation data.
 *
 * @throws {TypeError} if there are no such data, or they cannot be compared
 */
export async function configuredEvaluation(
  configuration: Configuration,
  options: EvaluationOptions = {},
): Promise<EvaluateNetwork | undefined> {
  const { data, evaluationData } = configuration;
  if (evaluationData === "") return undefined;
  const [bank, queries] = await openEvaluationData(data, evaluationData);
  return await evaluationOf(bank, queries, configuration, options);
}
