import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Tensor } from "../../../../../core/engine/graph/tensor.ts";
import { sgd } from "../../../../../core/engine/optim/mod.ts";
import { CPU } from "../../../../../core/engine/ort/mod.ts";
import type { BoundStepOptions } from "../../../../../core/engine/step/mod.ts";
import { buildAccumulatedGraph } from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import {
  AccumulatedStep,
  buildAccumulatedStep,
} from "../../../../../core/train/step/accumulation/accumulated_step.ts";
import { buildMethodGraph } from "../../../../../core/train/step/method_graph.ts";
import { initialWeights } from "../../../../../core/train/step/method_step.ts";
import { BATCH, SIZE, smallBackbone, snapshot } from "../../small_methods.ts";
import {
  accumulatedSteps,
  perSampleBackbone,
  plainSteps,
  type SmallOutcome,
  viewsOf,
  writeRows,
} from "./small_accumulation.ts";
import {
  assignments,
  chained,
  correlations,
  gatheredKeys,
  negatives,
  NORMALIZED,
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

/** A step of a method with batch norm, a queue and a permutation, from a copy of its compiled models. */
async function openSmall(options: Partial<BoundStepOptions> = {}) {
  const method = shuffledKeys(NORMALIZED);
  const given = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: BATCH };
  const graph = buildAccumulatedGraph(method, { ...given, deviceBatchSize: 2 });
  const compiled = buildAccumulatedStep(graph, { optimizer: sgd() });
  const step = await AccumulatedStep.bind(
    structuredClone(compiled),
    { device: CPU, threads: 1, ...options },
    initialWeights(buildMethodGraph(method, given), 0),
  );
  return { step, compiled };
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

Deno.test("AccumulatedStep resumed after two steps goes on bit for bit, with its queue and permutations", async () => {
  const run = {
    method: shuffledKeys(NORMALIZED),
    backbone: smallBackbone,
    scalars: SCALARS,
  };
  const whole = await accumulatedSteps(run, 2, STEPS);
  const first = await accumulatedSteps(run, 2, 2);
  assertEquals(await accumulatedSteps(run, 2, STEPS, first), whole);
});

Deno.test("AccumulatedStep changes nothing when the loss is no number, running statistics included", async () => {
  const { step } = await openSmall();
  using _owned = step;
  const state = () => ({ weights: snapshot(step.weights), slots: snapshot(step.slots) });
  await step.run(SCALARS, writeRows(viewsOf(0, [SIZE, SIZE])), { seed: 0, step: 0 });
  const before = state();
  const views = viewsOf(1, [SIZE, SIZE]);
  views[0]!.data.fill(NaN, 0, 5);
  const { loss, gradientNorm } = await step.run(SCALARS, writeRows(views), { seed: 0, step: 1 });
  assertEquals([loss, gradientNorm], [NaN, NaN]);
  assertEquals(state(), before);
  const after = await step.run(SCALARS, writeRows(viewsOf(2, [SIZE, SIZE])), { seed: 0, step: 2 });
  assert(Number.isFinite(after.loss));
});

Deno.test("AccumulatedStep says what a step lacks", async () => {
  const { step } = await openSmall();
  using _owned = step;
  const write = writeRows(viewsOf(0, [SIZE, SIZE]));
  await assertRejects(
    () => step.run(SCALARS, write),
    TypeError,
    'Cannot take a step: permutation "shuffle" needs the seed and the step that it is drawn by',
  );
  const { learning_rate: _, ...rest } = SCALARS;
  await assertRejects(
    () => step.run(rest, write, { seed: 0, step: 0 }),
    TypeError,
    'Cannot take a step: scalar "learning_rate" is missing',
  );
});

Deno.test("AccumulatedStep is compiled to plain data, and its models can be profiled", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { step, compiled } = await openSmall({ profile: `${folder}/trace` });
    using _owned = step;
    assertEquals(structuredClone(compiled), compiled);
    await step.run(SCALARS, writeRows(viewsOf(0, [SIZE, SIZE])), { seed: 0, step: 0 });
    assertEquals(step.endProfiling().length, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
