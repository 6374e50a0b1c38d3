import { assert, assertEquals } from "@std/assert";
import type { Tensor } from "../../../../../core/engine/graph/tensor.ts";
import { SIZE } from "../../small_methods.ts";
import {
  accumulatedSteps,
  perSampleBackbone,
  plainSteps,
  type SmallOutcome,
} from "./small_accumulation.ts";
import {
  assignments,
  chained,
  correlations,
  gatheredKeys,
  negatives,
  PER_SAMPLE,
  shuffledKeys,
} from "./small_couplings.ts";

const SCALARS = { learning_rate: 0.1, weight_decay: 1e-3, average_rate: 0.2 };

const STEPS = 4;

function largestDifference(
  found: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
): number {
  assertEquals([...found.keys()].sort(), [...expected.keys()].sort());
  let most = 0;
  for (const [name, { data }] of expected) {
    const other = found.get(name)!.data;
    data.forEach((value, i) => most = Math.max(most, Math.abs(Number(value) - Number(other[i]))));
  }
  return most;
}

function assertSame(found: SmallOutcome, expected: SmallOutcome, tolerance = 1e-5): void {
  for (const [i, { loss, spread, gradientNorm, metrics }] of expected.results.entries()) {
    const other = found.results[i]!;
    assert(Math.abs(other.loss - loss) < tolerance, `loss ${i}: ${other.loss} for ${loss}`);
    assert(Math.abs(other.spread - spread) < tolerance, `spread ${i}`);
    assert(
      Math.abs(other.gradientNorm - gradientNorm) < tolerance * (1 + gradientNorm),
      `norm ${i}: ${other.gradientNorm} for ${gradientNorm}`,
    );
    for (const name of Object.keys(metrics)) {
      assert(Math.abs(other.metrics[name]! - metrics[name]!) < tolerance, name);
    }
  }
  const weights = largestDifference(found.weights, expected.weights);
  assert(weights < tolerance, `weights differ by ${weights}`);
  const slots = largestDifference(found.slots, expected.slots);
  assert(slots < tolerance, `slots differ by ${slots}`);
}

const METHODS = {
  "keys of the whole batch, a momentum encoder and a predictor": gatheredKeys(PER_SAMPLE),
  "a queue and keys of a shuffled batch": shuffledKeys(PER_SAMPLE),
  "assignments over batch and queue, and prototypes": assignments(PER_SAMPLE),
  "negatives of both views": negatives(PER_SAMPLE),
  "correlations over the batch": correlations(PER_SAMPLE),
  "much between its networks, and a head that is frozen at first": chained(PER_SAMPLE),
};

for (const [name, method] of Object.entries(METHODS)) {
  Deno.test(`AccumulatedStep takes the steps of the whole batch with ${name}`, async () => {
    const viewSizes = name.startsWith("assignments") ? [SIZE, SIZE, 4, 4, 4] : [SIZE, SIZE];
    const run = { method, backbone: perSampleBackbone, viewSizes, scalars: SCALARS };
    const expected = await plainSteps(run, STEPS);
    assertSame(await accumulatedSteps(run, 2, STEPS), expected);
    assertSame(await accumulatedSteps(run, 4, STEPS), expected);
    assertSame(await accumulatedSteps(run, 1, STEPS), expected);
  });
}
