import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { filled, float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { add, less, mul, reduceMean, sub, where } from "../../../../core/engine/ops/mod.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { BoundStep, buildStep, type StepOptions } from "../../../../core/engine/step/mod.ts";

const ONE = { device: CPU, threads: 1 };
const x = input("x", "float32", [2]);
const w = input("w", "float32", [2]);
const taken = input("taken", "float32", []);
const factor = input("factor", "float32", []);

/** The squared distance of w from x, times a factor; a buffer counts the steps. */
function optionsOf(changed: Partial<StepOptions> = {}): StepOptions {
  const residual = sub(w, x);
  return {
    loss: mul(reduceMean(mul(residual, residual)), factor),
    outputs: { mean: reduceMean(w) },
    parameters: [w],
    state: [w, taken],
    batch: [x],
    scalars: [factor],
    buffers: new Map([["taken", add(taken, 1)]]),
    optimizer: sgd(),
    weightDecay: false,
    gradientNorm: true,
    ...changed,
  };
}

const STATE = new Map<string, Tensor>([["w", float32([2], [1, 2])], ["taken", float32([], [0])]]);
const SCALARS = { learning_rate: 0.5, factor: 1 };

Deno.test("BoundStep takes steps on the batch, and tells what they measure", async () => {
  using step = await BoundStep.create(buildStep(optionsOf()), ONE, { state: STATE });
  assertEquals([...step.scalars].sort(), ["factor", "learning_rate"]);
  step.input("x", "float32").write(float32([2], [4, 6]));
  const first = await step.run(SCALARS);
  assertEquals(first, {
    loss: 12.5,
    updated: true,
    outputs: { mean: 1.5 },
    measures: { gradient_norm: 5 },
  });
  // The gradient is w - x.
  assertEquals(step.state.get("w")!.read(), float32([2], [2.5, 4]));
  assertEquals(step.slots.get("momentum.w")!.read(), float32([2], [-3, -4]));
  assertEquals(step.state.get("taken")!.read(), float32([], [1]));
});

Deno.test("BoundStep changes nothing when the loss is no number", async () => {
  using step = await BoundStep.create(buildStep(optionsOf()), ONE, { state: STATE });
  step.input("x", "float32").write(float32([2], [NaN, 0]));
  const { loss, updated, measures } = await step.run(SCALARS);
  assertEquals([loss, updated, measures], [NaN, false, {}]);
  for (const [name, value] of STATE) assertEquals(step.state.get(name)!.read(), value);
});

Deno.test("BoundStep leaves no trace of a step whose scaled gradients overflow", async () => {
  const average = input("average", "float32", [2]);
  const built = buildStep(optionsOf({
    precision: "float16",
    state: [w, taken, average],
    exponentialMovingAverages: [{ target: average, source: "w" }],
  }));
  const state = new Map(STATE).set("average", float32([2], [7, 8]));
  using step = await BoundStep.create(built, ONE, { state });
  step.input("x", "float32").write(float32([2], [4, 6]));
  const scalars = { ...SCALARS, average_rate: 0.5 };
  const scaledBy = (scale: number) => ({
    ...scalars,
    loss_scale: scale,
    inverse_loss_scale: 1 / scale,
  });
  const { loss, updated, measures } = await step.run(scaledBy(3e38));
  assertEquals([loss, updated, measures], [12.5, false, {}]);
  for (const [name, value] of state) assertEquals(step.state.get(name)!.read(), value);
  assertEquals(step.slots.get("momentum.w")!.read(), filled("float32", [2], 0));
  // With a scale that the gradients fit into, all is as it is without one.
  const next = await step.run(scaledBy(65536));
  assertEquals([next.updated, next.measures], [true, { gradient_norm: 5 }]);
  assertEquals(step.state.get("w")!.read(), float32([2], [2.5, 4]));
  assertEquals(step.state.get("taken")!.read(), float32([], [1]));
  assertEquals(step.state.get("average")!.read(), float32([2], [4.75, 6]));
});

Deno.test("BoundStep lets constraints read and return buffers as they were before", async () => {
  const start = input("start", "float32", [2]);
  const constraints = new Map([
    ["w", (updated: Value) => where(less(taken, 2), start, updated)],
  ]);
  const built = buildStep(optionsOf({
    constraints,
    state: [w, taken, start],
    buffers: new Map([["taken", add(taken, 1)], ["start", mul(start, 2)]]),
  }));
  using step = await BoundStep.create(built, ONE, {
    state: new Map(STATE).set("start", float32([2], [1, 1])),
  });
  step.input("x", "float32").write(float32([2], [4, 6]));
  for (const value of [1, 2]) {
    await step.run(SCALARS);
    assertEquals(step.state.get("w")!.read(), filled("float32", [2], value));
  }
  await step.run(SCALARS);
  assert(step.state.get("w")!.read().data[0] !== step.state.get("w")!.read().data[1]);

  const copied = buildStep(optionsOf({
    constraints: new Map([["w", () => start]]),
    state: [w, taken, start],
    buffers: new Map([["taken", add(taken, 1)], ["start", mul(start, 2)]]),
  }));
  using copying = await BoundStep.create(copied, ONE, {
    state: new Map(STATE).set("start", float32([2], [1, 1])),
  });
  // Memory that nothing was written to may hold NaN, of which no step is taken.
  copying.input("x", "float32").write(float32([2], [4, 6]));
  for (const value of [1, 2, 4]) {
    await copying.run(SCALARS);
    assertEquals(copying.state.get("w")!.read(), filled("float32", [2], value));
  }
});

Deno.test("BoundStep goes on from slots, and names what is missing", async () => {
  const built = buildStep(optionsOf());
  const slots = new Map([["momentum.w", float32([2], [1, 1])]]);
  using step = await BoundStep.create(built, ONE, { state: STATE, slots });
  step.input("x", "float32").write(float32([2], [1, 2]));
  await step.run(SCALARS);
  assertEquals(step.slots.get("momentum.w")!.read(), filled("float32", [2], Math.fround(0.9)));
  assertThrows(
    () => step.input("y", "float32"),
    TypeError,
    'Cannot write "y": the batch must have a float32 of this name, found "x" float32[2]',
  );
  assertThrows(() => step.input("x", "int64"), TypeError, "must have a int64 of this name");
  await assertRejects(
    () => step.run({ factor: 1 }),
    TypeError,
    'Cannot take a step: scalar "learning_rate" is missing',
  );
  await assertRejects(
    () => BoundStep.create(built, ONE, { state: new Map([["w", STATE.get("w")!]]) }),
    TypeError,
    'Cannot start training: "taken" must be a float32[], found none',
  );
  await assertRejects(
    () => BoundStep.create(built, ONE, { state: STATE, slots: new Map() }),
    TypeError,
    '"momentum.w" must be a float32[2], found none',
  );
});

Deno.test("BoundStep takes a state that is still on its way, and says so if it does not come", async () => {
  const built = buildStep(optionsOf());
  const late = new Promise<{ state: typeof STATE }>((resolve) =>
    setTimeout(() => resolve({ state: STATE }), 50)
  );
  using step = await BoundStep.create(built, ONE, late);
  assertEquals(step.state.get("w")!.read(), STATE.get("w"));
  const lost = Promise.reject(new RangeError("no values came"));
  await assertRejects(() => BoundStep.create(built, ONE, lost), RangeError, "no values came");
});

Deno.test("BoundStep freezes a parameter where the first model says so", async () => {
  const built = buildStep(optionsOf({ frozen: new Map([["w", less(taken, 2)]]) }));
  assertEquals(structuredClone(built), built);
  using step = await BoundStep.create(built, ONE, { state: STATE });
  step.input("x", "float32").write(float32([2], [4, 6]));
  for (let i = 0; i < 2; i++) {
    const { measures } = await step.run(SCALARS);
    assertEquals(measures, { gradient_norm: 0 });
    assertEquals(step.state.get("w")!.read(), STATE.get("w"));
    assertEquals(step.slots.get("momentum.w")!.read(), float32([2], [0, 0]));
  }
  const { measures } = await step.run(SCALARS);
  assertEquals(measures, { gradient_norm: 5 });
  assertEquals(step.state.get("w")!.read(), float32([2], [2.5, 4]));
});

Deno.test("BoundStep takes a batch by micro-batches: gradients of the mean loss, buffers in turn", async () => {
  for (const microBatches of [1, 2, 3, 4, 5]) {
    const { outputs: _, ...options } = optionsOf({ microBatches, clipGradientNorm: 100 });
    using step = await BoundStep.create(buildStep(options), ONE, { state: STATE });
    assertEquals([...step.scalars].sort(), ["factor", "learning_rate"]);
    const places: number[] = [];
    const run = () =>
      step.run(SCALARS, (i) => {
        places.push(i);
        step.input("x", "float32").write(float32([2], [4 + 2 * i, 6]));
      });
    const xs = Array.from({ length: microBatches }, (_, i) => 4 + 2 * i);
    const mean = (of: (x: number) => number) =>
      xs.reduce((sum, x) => sum + of(x), 0) / microBatches;
    // The gradient is w - x.
    const first = await run();
    const [dw, dv] = [1 - mean((x) => x), 2 - 6];
    assertAlmostEquals(first.loss, mean((x) => ((1 - x) ** 2 + 16) / 2), 1e-5);
    assertAlmostEquals(first.measures["gradient_norm"]!, Math.hypot(dw, dv), 1e-5);
    const [w0, w1] = [1 - 0.5 * dw, 2 - 0.5 * dv];
    const found = step.state.get("w")!.read().data as Float32Array;
    assertAlmostEquals(found[0]!, w0, 1e-5);
    assertAlmostEquals(found[1]!, w1, 1e-5);
    assertEquals(step.state.get("taken")!.read(), float32([], [microBatches]));
    // What the first step has left in the sums is not in the second's.
    const second = await run();
    assertAlmostEquals(
      second.measures["gradient_norm"]!,
      Math.hypot(w0 - mean((x) => x), w1 - 6),
      1e-5,
    );
    assertEquals(step.state.get("taken")!.read(), float32([], [2 * microBatches]));
    assertEquals(places, [...xs.keys(), ...xs.keys()]);
  }
});

Deno.test("BoundStep by micro-batches changes nothing when the loss of any is no number, and goes on", async () => {
  const { outputs: _, ...options } = optionsOf({ microBatches: 3 });
  using step = await BoundStep.create(buildStep(options), ONE, { state: STATE });
  const run = (values: readonly number[]) =>
    step.run(
      SCALARS,
      (i) => step.input("x", "float32").write(float32([2], [values[i]!, 0])),
    );
  const { loss, updated, measures } = await run([0, Infinity, 1]);
  assertEquals([loss, updated, measures], [Infinity, false, {}]);
  for (const [name, value] of STATE) assertEquals(step.state.get(name)!.read(), value);
  assertEquals((await run([1, 1, 1])).measures, { gradient_norm: 2 });
  assertEquals(step.state.get("taken")!.read(), float32([], [3]));
});

Deno.test("a step by micro-batches refuses what it cannot take", async () => {
  const { outputs: _, ...options } = optionsOf({ microBatches: 2 });
  assertThrows(
    () => buildStep(optionsOf({ microBatches: 2 })),
    TypeError,
    "by micro-batches it has no further outputs, found mean",
  );
  assertThrows(
    () => buildStep({ ...options, microBatches: 0 }),
    RangeError,
    "its micro-batches must be a positive integer, found 0",
  );
  assertThrows(
    () =>
      buildStep({ ...options, constraints: new Map([["w", (updated) => mul(updated, taken)]]) }),
    TypeError,
    "by micro-batches the update reads no buffers, found taken",
  );
  await assertRejects(
    () => BoundStep.create(buildStep(options), { ...ONE, cudaGraphs: true }, { state: STATE }),
    TypeError,
    "the step must take its batch at once, found 2 micro-batches",
  );
});
