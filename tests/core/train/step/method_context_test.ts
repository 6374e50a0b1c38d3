import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { BATCH, graphOf, methodOf, rowsOf, stepOf, writeViews } from "../small_methods.ts";

const norms = (rows: readonly number[][]) =>
  rows.map((row) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)));

const prototyped = methodOf(({ network, prototypes, views, ops, step }) => {
  const z = network()(views[0]!);
  const rows = prototypes("prototypes", 5, 10, { frozen: ops.less(step, 2) });
  const scores = ops.matMul(z, rows, { transposeB: true });
  return { loss: ops.reduceMean(ops.mul(scores, scores)), embeddings: z };
});

Deno.test("prototypes start with unit length, stay frozen as long as they are told, and keep their length", async () => {
  using step = await stepOf(graphOf(prototyped));
  const read = () => rowsOf(step.weights.get("prototypes")!.read());
  const initial = read();
  norms(initial).forEach((norm) => assertAlmostEquals(norm, 1, 1e-6));
  const seen: number[][][] = [];
  for (const taken of [0, 1, 2]) {
    writeViews(step, "views");
    await step.run({ learning_rate: 0.5, weight_decay: 0.1, step: taken });
    seen.push(read());
    const moved = step.slots.get("momentum.prototypes")!.read().data.some((x) => x !== 0);
    assertEquals(moved, taken === 2);
  }
  for (const rows of seen.slice(0, 2)) {
    rows.forEach((row, i) => row.forEach((x, j) => assertAlmostEquals(x, initial[i]![j]!, 1e-6)));
  }
  assert(seen[2]!.some((row, i) => row.some((x, j) => Math.abs(x - initial[i]![j]!) > 1e-4)));
  norms(seen[2]!).forEach((norm) => assertAlmostEquals(norm, 1, 1e-6));
});

Deno.test("step and epoch are scalars of the graph where a method reads them, and only there", () => {
  const counters = (read: boolean) =>
    graphOf(methodOf((context) => {
      const z = context.network()(context.views[0]!);
      const loss = context.ops.reduceMean(z);
      const scaled = read
        ? context.ops.mul(loss, context.ops.add(context.epoch, context.step))
        : loss;
      return { loss: scaled, embeddings: z };
    })).counters.map(({ source }) => source.kind === "input" && source.name);
  assertEquals(counters(false), []);
  assertEquals(counters(true), ["epoch", "step"]);
});

Deno.test("weightsOfPair() is one input for two views in either order, pairWeights for the first two", () => {
  const graph = graphOf(methodOf(({ network, views, pairWeights, weightsOfPair, ops }) => {
    assert(weightsOfPair(0, 1) === pairWeights && weightsOfPair(1, 0) === pairWeights);
    const z = network()(views[0]!);
    return {
      loss: ops.reduceMean(ops.mul(ops.reduceMean(z, { axes: [1] }), pairWeights)),
      embeddings: z,
    };
  }));
  assertEquals(graph.pairs.map(({ views, weights }) => [views, weights.shape]), [[[0, 1], [
    BATCH,
  ]]]);
  for (const [first, second] of [[0, 2], [1, 1], [-1, 0]] as const) {
    assertThrows(
      () =>
        graphOf(methodOf(({ weightsOfPair, refuse }) => {
          weightsOfPair(first, second);
          return refuse("never reached");
        })),
      RangeError,
      `found ${first} and ${second}`,
    );
  }
});

Deno.test("freeze() takes trained parameters and conditions only", () => {
  const freezing = (condition: "bool" | "float") =>
    graphOf(methodOf(({ network, encoder, freeze, views, ops, initializers, step }) => {
      const z = network()(views[0]!);
      const own = encoder("online").parameter("own", [1], initializers.constantInitializer(1));
      freeze(condition === "bool" ? z : own, condition === "bool" ? ops.less(step, 1) : step);
      return { loss: ops.reduceMean(ops.mul(z, own)), embeddings: z };
    }));
  assertThrows(
    () => freezing("bool"),
    TypeError,
    "Cannot freeze a value that is not a trained parameter",
  );
  assertThrows(
    () => freezing("float"),
    TypeError,
    'Cannot freeze "own": the condition must be a bool[]',
  );
});

Deno.test("prototypes of a name are the same wherever they are asked for, under one constraint", () => {
  const build = (again: boolean) =>
    graphOf(methodOf(({ network, prototypes, constrain, views, ops }) => {
      const z = network()(views[0]!);
      const rows = prototypes("prototypes", 5, 10);
      assert(prototypes("prototypes", 5, 10) === rows);
      if (again) constrain(rows, (updated) => ops.relu(updated));
      return { loss: ops.reduceMean(ops.matMul(z, rows, { transposeB: true })), embeddings: z };
    }));
  assertEquals([...build(false).constraints.keys()], ["prototypes"]);
  assertThrows(() => build(true), TypeError, 'Cannot constrain "prototypes" twice');
});

Deno.test("a parameter stays as it is while any of its conditions holds", async () => {
  const method = methodOf(({ network, encoder, freeze, views, ops, initializers, step }) => {
    const z = network()(views[0]!);
    const own = encoder("online").parameter("own", [1], initializers.constantInitializer(1));
    freeze(own, ops.less(step, 1));
    freeze(own, ops.greater(step, 1));
    return { loss: ops.reduceMean(ops.mul(z, own)), embeddings: z };
  });
  using step = await stepOf(graphOf(method));
  const changed: boolean[] = [];
  for (const taken of [0, 1, 2]) {
    const before = step.weights.get("own")!.read().data[0];
    writeViews(step, "views");
    await step.run({ learning_rate: 0.5, weight_decay: 0, step: taken });
    changed.push(step.weights.get("own")!.read().data[0] !== before);
  }
  assertEquals(changed, [false, true, false]);
});

Deno.test("constant() fixes numbers of any type, and refuses what its shape does not hold", () => {
  graphOf(methodOf(({ network, views, constant, ops }) => {
    const z = network()(views[0]!);
    assertEquals(constant([1, 2], [2]).type, { dtype: "float32", shape: [2] });
    assertEquals(constant([1, 0], [2], "int64").type, { dtype: "int64", shape: [2] });
    assertThrows(() => constant([1, 2, 3], [2]), RangeError, "found 3");
    return { loss: ops.reduceMean(z), embeddings: z };
  }));
});
