/** Steps by micro-batches in float16, on what computes as other devices do. */
import { assert, assertEquals } from "@std/assert";
import { withTarget } from "../../../../../core/engine/graph/target.ts";
import type { Tensor } from "../../../../../core/engine/graph/tensor.ts";
import { initialWeights } from "../../../../../core/train/step/method_step.ts";
import { buildMethodGraph } from "../../../../../core/train/step/method_graph.ts";
import { BATCH, SIZE, smallBackbone } from "../../small_methods.ts";
import {
  accumulatedSteps,
  perSampleBackbone,
  plainSteps,
  type SmallRun,
} from "./small_accumulation.ts";
import { negatives, NORMALIZED, PER_SAMPLE } from "./small_couplings.ts";

const STEPS = 4;

/** A run in float16 with the loss scaled, or in float32. */
function runOf(scale: number | undefined): SmallRun {
  return {
    method: negatives(PER_SAMPLE),
    backbone: perSampleBackbone,
    scalars: {
      ...{ learning_rate: 0.1, weight_decay: 1e-3, average_rate: 0.2 },
      ...(scale && { loss_scale: scale, inverse_loss_scale: 1 / scale }),
    },
    options: { precision: scale === undefined ? "float32" : "float16" },
  };
}

/** Takes steps that are built for the CPU. */
function onCpu<T>(take: () => Promise<T>): Promise<T> {
  return withTarget({ provider: "cpu" }, take);
}

function largestDifference(
  found: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
): number {
  const differences = [...expected].flatMap(([name, { data }]) =>
    Array.from(
      data as ArrayLike<number | bigint>,
      (value, i) => Math.abs(Number(value) - Number(found.get(name)!.data[i])),
    )
  );
  return Math.max(...differences);
}

Deno.test("steps by micro-batches in float16 are those of the whole batch but for rounding", async () => {
  const whole = await onCpu(() => plainSteps(runOf(1024), STEPS));
  const wide = await onCpu(() => plainSteps(runOf(undefined), STEPS));
  const rounding = largestDifference(whole.weights, wide.weights);
  assert(rounding > 1e-6, `${rounding}`);
  for (const size of [2, 4, 8]) {
    const parts = await onCpu(() => accumulatedSteps(runOf(1024), size, STEPS));
    const difference = largestDifference(parts.weights, whole.weights);
    assert(difference < 4 * rounding, `micro-batches of ${size}: ${difference} of ${rounding}`);
    assertEquals(parts.results.every(({ updated }) => updated), true);
  }
});

for (const size of [2, 8]) {
  Deno.test(`steps by micro-batches of ${size} leave no trace where gradients overflow`, async () => {
    const method = negatives(NORMALIZED);
    const run = { ...runOf(2 ** 100), method, backbone: smallBackbone };
    const given = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: BATCH };
    const initial = initialWeights(buildMethodGraph(method, given), 0);
    const { results, weights, slots } = await onCpu(() => accumulatedSteps(run, size, 2));
    assertEquals(results.map(({ updated }) => updated), [false, false]);
    assert(results.every(({ loss }) => Number.isFinite(loss)));
    assertEquals(largestDifference(weights, initial), 0);
    assert([...slots.values()].every(({ data }) => data.every((value) => Number(value) === 0)));
  });
}
