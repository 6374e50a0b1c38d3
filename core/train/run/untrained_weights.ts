/**
 * The weights that a run starts with.
 *
 * @module
 */
import { viewRecipes } from "../../data/views/named_views.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { TrainableMethod } from "../../method/load.ts";
import { openCompiler } from "../compile/method_compiler.ts";

/**
 * Parameters and buffers by full name, such as `backbone.conv1.weight`, as a run of a method and a configuration has them
 * before its first step, where it starts with no other run's.
 */
export async function untrainedWeights(
  method: TrainableMethod,
  configuration: Configuration,
): Promise<ReadonlyMap<string, Tensor>> {
  await using compiler = openCompiler(method);
  const viewSizes = viewRecipes(configuration).map(({ size }) => size);
  return await compiler.weights({ configuration, viewSizes, tuning: {} });
}
