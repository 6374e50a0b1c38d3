import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { batchNorm } from "../../../../core/engine/nn/batch_norm.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { add, cast, mul, reduceMean, runningAverage } from "../../../../core/engine/ops/mod.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import {
  BoundStep,
  buildStep,
  type BuiltStep,
  type StepOptions,
} from "../../../../core/engine/step/mod.ts";

/** Three batch norms: one of two views, which is applied once more, one by groups, and one of two channels more. */
function network(
  changed: (scope: Scope) => Partial<StepOptions> = () => ({}),
): { built: BuiltStep; scope: Scope } {
  const scope = new Scope({ training: true });
  const x = input("x", "float32", [8, 3]);
  const wide = input("wide", "float32", [8, 5]);
  const views = scope.within({ views: 2 }, (both) => batchNorm(both, "first", x));
  const again = batchNorm(scope, "first", mul(x, 3));
  const groups = scope.within({ batchNormGroups: 2 }, (all) => batchNorm(all, "second", again));
  const last = batchNorm(scope, "third", wide);
  const square = (y: typeof x) => reduceMean(mul(y, y));
  const declarations = [...scope.declarations.values()];
  const built = buildStep({
    loss: add(add(square(views), square(groups)), square(last)),
    parameters: declarations.filter(({ kind }) => kind === "trainable").map(({ value }) => value),
    state: declarations.map(({ value }) => value),
    batch: [x, wide],
    buffers: scope.written,
    optimizer: sgd(),
    weightDecay: false,
    ...changed(scope),
  });
  return { built, scope };
}

const RATE = { learning_rate: 0.1 };
const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => 3 + 5 * Math.sin(seed + 7 * i));

/** What buffers are after three steps. */
async function buffersAfter({ built, scope }: ReturnType<typeof network>) {
  using step = await BoundStep.create(built, { device: CPU, threads: 1 }, {
    state: scope.initialize(1),
  });
  for (let i = 0; i < 3; i++) {
    step.input("x", "float32").write(float32([8, 3], numbers(24, i)));
    step.input("wide", "float32").write(float32([8, 5], numbers(40, 10 + i)));
    assert((await step.run(RATE)).updated);
  }
  return new Map([...scope.written.keys()].map((name) => [name, step.state.get(name)!.read()]));
}

function assertNear(found: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>) {
  assertEquals([...found.keys()], [...expected.keys()]);
  for (const [name, { data }] of expected) {
    [...data].forEach((value, i) => {
      const tolerance = 1e-6 * Math.max(1, Math.abs(Number(value)));
      assertAlmostEquals(Number(found.get(name)!.data[i]), Number(value), tolerance, name);
    });
  }
}

Deno.test("the update moves running statistics as the forward pass does where they are by themselves", async () => {
  const packed = network(() => ({ pieceLength: 1 << 16 }));
  const made = packed.built.passed.map(({ name }) => name).filter((name) =>
    !name.startsWith("gradient")
  );
  assertEquals(made.sort(), [
    "statistics.0.first.running_mean",
    "statistics.0.first.running_var",
    "statistics.0.second.running_mean",
    "statistics.0.second.running_var",
    "statistics.0.third.running_mean",
    "statistics.0.third.running_var",
    "statistics.1.first.running_mean",
    "statistics.1.first.running_var",
  ]);
  const buffers = await buffersAfter(packed);
  assertEquals(buffers.get("first.num_batches_tracked")!.data[0], 9n);
  assertEquals(buffers.get("second.num_batches_tracked")!.data[0], 3n);
  assertNear(buffers, await buffersAfter(network()));
});

Deno.test("running statistics of a step whose loss is no number stay", async () => {
  const { built, scope } = network(() => ({ pieceLength: 1 << 16 }));
  const state = scope.initialize(1);
  using step = await BoundStep.create(built, { device: CPU, threads: 1 }, { state });
  step.input("x", "float32").write(float32([8, 3], numbers(24, 0).fill(NaN)));
  step.input("wide", "float32").write(float32([8, 5], numbers(40, 10)));
  assertEquals((await step.run(RATE)).updated, false);
  for (const name of scope.written.keys()) {
    assertEquals(step.state.get(name)!.read(), state.get(name));
  }
});

Deno.test("running statistics that a constraint reads are written by the forward pass", async () => {
  const packed = network((scope) => ({
    pieceLength: 1 << 16,
    constraints: new Map([
      ["third.bias", () => mul(scope.declarations.get("third.running_mean")!.value, 1)],
    ]),
  }));
  const { passed } = packed.built;
  assert(passed.some(({ name }) => name === "written.third.running_mean"));
  assertNear(await buffersAfter(packed), await buffersAfter(network()));
});

Deno.test("running statistics move by micro-batches one after the other", async () => {
  const packed = network(() => ({ pieceLength: 1 << 16, microBatches: 2 }));
  assert(packed.built.passed.some(({ name }) => name === "written.third.running_mean"));
  assertNear(await buffersAfter(packed), await buffersAfter(network(() => ({ microBatches: 2 }))));
});

Deno.test("runningAverage() takes statistics of float16, and refuses those of another length", async () => {
  const x = input("x", "float32", [2, 3]);
  const w = input("w", "float32", [3]);
  const before = input("before", "float32", [3]);
  const statistics = cast(mul(x, 2), "float16");
  const moved = runningAverage(before, statistics, { kept: 0.5 });
  for (const pieceLength of [0, 1 << 16]) {
    const built = buildStep({
      loss: reduceMean(mul(w, w)),
      parameters: [w],
      state: [w, before],
      batch: [x],
      buffers: new Map([["before", moved]]),
      optimizer: sgd(),
      weightDecay: false,
      pieceLength,
    });
    using step = await BoundStep.create(built, { device: CPU, threads: 1 }, {
      state: new Map([["w", float32([3], [1, 1, 1])], ["before", float32([3], [4, 8, 0])]]),
    });
    step.input("x", "float32").write(float32([2, 3], [1, 2, 3, 4, 5, 6]));
    await step.run(RATE);
    // A quarter of what it was, a quarter of the first statistic and half of the second.
    assertEquals([...step.state.get("before")!.read().data], [5.5, 8, 7.5]);
  }
  assertThrows(
    () => runningAverage(before, input("two", "float32", [2]), { kept: 0.5 }),
    RangeError,
    "must be some of its length",
  );
});
