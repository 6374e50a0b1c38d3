import { assertEquals, assertThrows } from "@std/assert";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import {
  add,
  matMul,
  mul,
  reduceMean,
  reshape,
  stopGradient,
} from "../../../../core/engine/ops/mod.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import { buildStep, type StepOptions } from "../../../../core/engine/step/mod.ts";

const x = input("x", "float32", [4, 3]);
const w = input("w", "float32", [3, 2]);
const count = input("count", "float32", []);
const average = input("average", "float32", [3, 2]);

/** A small step, of which a test changes some. */
function optionsOf(changed: Partial<StepOptions> = {}): StepOptions {
  const y = matMul(x, w);
  return {
    loss: reduceMean(mul(y, y)),
    outputs: { mean: reduceMean(y) },
    parameters: [w],
    state: [w, count, average],
    batch: [x],
    buffers: new Map([["count", add(count, 1)]]),
    exponentialMovingAverages: [{ target: average, source: "w" }],
    optimizer: sgd(),
    gradientNorm: true,
    ...changed,
  };
}

const namesOf = (tensors: readonly { readonly name: string }[]) => tensors.map(({ name }) => name);

Deno.test("buildStep() declares all that its models read and make", () => {
  const step = buildStep(optionsOf());
  assertEquals(namesOf(step.batch), ["x"]);
  assertEquals(namesOf(step.state), ["w", "count", "average"]);
  assertEquals(step.slots, [
    { name: "momentum.w", type: { dtype: "float32", shape: [3, 2] }, initial: 0 },
  ]);
  assertEquals(namesOf(step.scalars).sort(), ["average_rate", "learning_rate", "weight_decay"]);
  assertEquals(namesOf(step.passed), ["gradient.w", "written.count"]);
  assertEquals(namesOf(step.outputs), ["loss", "mean"]);
  assertEquals(namesOf(step.measures), ["gradient_norm"]);
});

Deno.test("buildStep() scales the loss in float16, and in no other precision", () => {
  const known = ["average_rate", "learning_rate", "weight_decay"];
  for (const precision of ["float32", "bfloat16", "float16"] as const) {
    const step = buildStep(optionsOf({ precision }));
    const isScaled = precision === "float16";
    assertEquals(
      namesOf(step.scalars).sort(),
      [...known, ...(isScaled ? ["inverse_loss_scale", "loss_scale"] : [])].sort(),
    );
    assertEquals(
      namesOf(step.outputs),
      ["loss", "mean", ...(isScaled ? ["scaled_gradient_norm"] : [])],
    );
    // Whatever the networks compute in, what lasts and what passes to the update is float32.
    const lasting = [...step.state, ...step.passed, ...step.slots.map(({ type }) => type)];
    assertEquals(new Set(lasting.map(({ dtype }) => dtype)), new Set(["float32"]));
  }
});

Deno.test("buildStep() gives what is packed in the shape in which it is computed: a Reshape at the end copies", () => {
  const flat = input("flat", "float32", [6]);
  const y = matMul(x, reshape(flat, [3, 2]));
  const shapeOf = (pieceLength: number) =>
    buildStep(optionsOf({
      loss: reduceMean(mul(y, matMul(x, w))),
      parameters: [w, flat],
      state: [w, flat, count, average],
      exponentialMovingAverages: [],
      pieceLength,
    })).passed.find(({ name }) => name === "gradient.flat")!.shape;
  assertEquals([shapeOf(0), shapeOf(1 << 16)], [[6], [3, 2]]);
});

Deno.test("buildStep() gives what a micro-batch writes to a buffer in the buffer's shape: the next one reads it", () => {
  const [kept, other] = ["kept", "other"].map((name) => input(name, "float32", [3])) as [
    Value,
    Value,
  ];
  const row = reshape(reduceMean(x, { axes: [0], keepDims: true }), [3]);
  const { outputs: _, ...options } = optionsOf({ pieceLength: 1 << 16 });
  const shapeOf = (microBatches: number) =>
    buildStep({
      ...options,
      microBatches,
      state: [w, count, average, kept, other],
      buffers: new Map([["kept", row], ["other", mul(row, 2)]]),
    }).passed.find(({ name }) => name === "written.kept")!.shape;
  assertEquals([shapeOf(1), shapeOf(2)], [[1, 3], [3]]);
});

Deno.test("buildStep() gives plain data, which passes from worker to worker", () => {
  const step = buildStep(optionsOf());
  assertEquals(structuredClone(step), step);
});

Deno.test("buildStep() passes a copy of a buffer that the update reads", () => {
  const constraints = new Map([["w", (updated: Value) => mul(updated, count)]]);
  const step = buildStep(optionsOf({ constraints }));
  assertEquals(namesOf(step.passed), ["gradient.w", "written.count", "kept.count"]);
});

Deno.test("buildStep() refuses a constraint that reads what may have been overwritten", () => {
  const v = input("v", "float32", [3, 2]);
  const changed = {
    loss: reduceMean(matMul(x, mul(w, v))),
    parameters: [w, v],
    state: [w, v, count, average],
  };
  const build = (read: Value) => () =>
    buildStep(optionsOf({
      ...changed,
      constraints: new Map([["w", (updated: Value) => add(updated, read)]]),
    }));
  assertThrows(build(v), TypeError, 'Add may read "v" after its update');
  // The average follows what the constraint makes, and so is overwritten after it was read.
  assertEquals(build(average)().passed.length, 3);
});

Deno.test("buildStep() says what does not fit", () => {
  const cases: readonly (readonly [Partial<StepOptions>, string])[] = [
    [
      { loss: reduceMean(stopGradient(matMul(x, w))) },
      'Cannot train "w": the loss does not depend',
    ],
    [{ loss: matMul(x, w) }, 'output "loss" must be a scalar, found float32[4,2]'],
    [{ outputs: { y: matMul(x, w) } }, 'output "y" must be a scalar, found float32[4,2]'],
    [{ outputs: { loss: reduceMean(x) } }, 'no further output may be named "loss"'],
    [{ state: [w, average] }, 'buffer "count" must be part of the state, found w, average'],
    [{ state: [w, count] }, '"average" is updated, but no part of the state'],
    [
      { frozen: new Map([["w", count]]) },
      'what says whether "w" is frozen must be a bool[], found float32[]',
    ],
    [{ batch: [mul(x, 2)] }, "must be inputs, found a float32[4,3]"],
  ];
  for (const [changed, message] of cases) {
    assertThrows(() => buildStep(optionsOf(changed)), TypeError, message);
  }
});
