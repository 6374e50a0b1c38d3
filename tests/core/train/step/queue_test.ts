import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { greaterOrEqual } from "../../../../core/engine/ops/greater_or_equal.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import { BATCH, graphOf, methodOf, rowsOf, stepOf, writeViews } from "../small_methods.ts";
import type { MethodGraph } from "../../../../core/train/step/method_graph.ts";

const WIDTH = 10;

/** A method that pushes the features of its first view. */
function queueGraph(length: number, when?: (step: Value) => Value): MethodGraph {
  return graphOf(methodOf((context) => {
    const { network, queue, views, ops } = context;
    const z = network()(views[0]!);
    const old = queue("queue", length, WIDTH);
    old.push(z, when?.(context.step));
    return {
      loss: ops.reduceMean(z),
      embeddings: z,
      metrics: {
        full: ops.cast(old.full, "float32"),
        oldest: ops.reduceSum(
          ops.slice(old.rows, { starts: [length - 1], ends: [length], axes: [0] }),
        ),
      },
    };
  }));
}

const SCALARS = { learning_rate: 0, weight_decay: 0 };

Deno.test("a queue holds the newest rows in front, and drops the oldest", async () => {
  const length = 2 * BATCH + 4;
  using step = await stepOf(queueGraph(length));
  const initial = rowsOf(step.weights.get("queue")!.read());
  for (const row of initial) {
    assertAlmostEquals(row.reduce((sum, x) => sum + x * x, 0), 1, 1e-5);
  }
  const contents: number[][][] = [];
  const full: number[] = [];
  for (const batch of ["a", "b", "c", "d"]) {
    writeViews(step, batch);
    full.push((await step.run(SCALARS)).metrics["full"]!);
    contents.push(rowsOf(step.weights.get("queue")!.read()));
  }
  const [first, second, third] = contents;
  assertEquals(first!.slice(BATCH), initial.slice(0, length - BATCH));
  assertEquals(second!.slice(BATCH), first!.slice(0, length - BATCH));
  assertEquals(third!.slice(2 * BATCH), first!.slice(0, 4));
  assert(second![0]![0] !== first![0]![0]);
  // 8, 16 and then 20 of 20 rows were pushed before the step.
  assertEquals(full, [0, 0, 0, 1]);
});

Deno.test("a queue of the batch's length is the last batch", async () => {
  using step = await stepOf(queueGraph(BATCH));
  writeViews(step, "a");
  await step.run(SCALARS);
  const first = rowsOf(step.weights.get("queue")!.read());
  writeViews(step, "b");
  const { metrics } = await step.run(SCALARS);
  assertEquals(metrics["full"], 1);
  assertAlmostEquals(metrics["oldest"]!, first[BATCH - 1]!.reduce((sum, x) => sum + x, 0), 1e-5);
});

Deno.test("a queue takes nothing while it is told not to", async () => {
  using step = await stepOf(queueGraph(BATCH, (count) => greaterOrEqual(count, 2)));
  const initial = rowsOf(step.weights.get("queue")!.read());
  const held: number[][][] = [];
  for (const taken of [0, 1, 2]) {
    writeViews(step, "a");
    await step.run({ ...SCALARS, step: taken });
    held.push(rowsOf(step.weights.get("queue")!.read()));
  }
  assertEquals(held[1], initial);
  assert(held[2]![0]![0] !== initial[0]![0]);
  assertEquals(step.weights.get("queue_filled")!.read().data[0], BATCH);
});

Deno.test("a queue keeps the rows of both pushes of a step, and reads as the step before left it", async () => {
  using step = await stepOf(graphOf(methodOf(({ network, queue, views, ops }) => {
    const [first, second] = views.map(network()) as [Value, Value];
    const old = queue("queue", 2 * BATCH, WIDTH);
    old.push(first);
    queue("queue", 2 * BATCH, WIDTH).push(second);
    return {
      loss: ops.reduceMean(ops.add(first, second)),
      embeddings: first,
      metrics: {
        old: ops.reduceSum(queue("queue", 2 * BATCH, WIDTH).rows),
        sum: ops.add(ops.reduceSum(first), ops.reduceSum(second)),
        newest: ops.reduceSum(second),
      },
    };
  })));
  const sum = (rows: readonly number[][]) => rows.flat().reduce((all, x) => all + x, 0);
  const initial = rowsOf(step.weights.get("queue")!.read());
  writeViews(step, "a");
  const { metrics } = await step.run(SCALARS);
  assertAlmostEquals(metrics["old"]!, sum(initial), 1e-4);
  const held = rowsOf(step.weights.get("queue")!.read());
  assertAlmostEquals(sum(held), metrics["sum"]!, 1e-4);
  assertAlmostEquals(sum(held.slice(0, BATCH)), metrics["newest"]!, 1e-4);
  assertEquals(step.weights.get("queue_filled")!.read().data[0], 2 * BATCH);
});

Deno.test("a queue that is shorter than a batch is refused", () => {
  assertThrows(
    () => queueGraph(BATCH - 1),
    RangeError,
    "it must hold a whole batch, found 7 rows for 8",
  );
});

Deno.test("a queue refuses rows of another width", () => {
  const method = methodOf(({ network, queue, views, ops }) => {
    const z = network()(views[0]!);
    queue("queue", BATCH, WIDTH + 1).push(z);
    return { loss: ops.reduceMean(z), embeddings: z };
  });
  assertThrows(
    () => graphOf(method),
    RangeError,
    'Cannot push to queue "queue": rows must be [N,11], found float32[8,10]',
  );
});
