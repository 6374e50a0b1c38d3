/**
 * Whether a method can weigh each pair of views by its own weights.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { filled } from "../../core/engine/graph/tensor.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { BATCH, SIZE, smallBackbone, stepOf, writeViews } from "../core/train/small_methods.ts";

/**
 * Checks that, where `weigh` is `pairs`, the loss is the sum of what each pair of three views adds by its weights, and
 * that otherwise the weights of the first two views are all that there are.
 *
 * @param options of a small instance of the method
 * @param scalars that a step is fed
 */
export async function assertWeighsPairs(
  method: LoadedMethod,
  options: Readonly<Record<string, unknown>>,
  scalars: Readonly<Record<string, number>>,
): Promise<void> {
  const samples = graphOf(method, { ...options, weigh: "samples" });
  assertEquals(samples.pairs.map(({ views }) => views), [[0, 1]]);
  await assertPairsAddUp(method, { ...options, weigh: "pairs" }, scalars);
}

function graphOf(method: LoadedMethod, options: Readonly<Record<string, unknown>>) {
  return buildMethodGraph(method, {
    backbone: smallBackbone,
    viewSizes: [SIZE, SIZE, SIZE],
    batchSize: BATCH,
    options,
  });
}

/**
 * Checks that the loss of three views is the sum of what each pair of them adds by its weights.
 *
 * @param options of a small instance of the method
 * @param scalars that a step is fed
 */
export async function assertPairsAddUp(
  method: LoadedMethod,
  options: Readonly<Record<string, unknown>>,
  scalars: Readonly<Record<string, number>>,
): Promise<void> {
  const graph = graphOf(method, options);
  assertEquals(graph.pairs.map(({ views }) => views).toSorted(), [[0, 1], [0, 2], [1, 2]]);
  using step = await stepOf(graph);
  writeViews(step, "pairs");
  const lossOf = async (weightOf: (pair: number) => number) => {
    step.pairs.forEach(({ weights }, i) => weights.write(filled("float32", [BATCH], weightOf(i))));
    return (await step.run({ learning_rate: 0, weight_decay: 0, ...scalars })).loss;
  };
  const all = await lossOf(() => 1);
  const shares: number[] = [];
  for (const pair of [0, 1, 2]) shares.push(await lossOf((other) => other === pair ? 1 : 0));
  for (const share of shares) assert(share > 0.1 * all && share < 0.8 * all, `${shares} of ${all}`);
  assertAlmostEquals(shares.reduce((sum, share) => sum + share, 0) / all, 1, 1e-5);
}
