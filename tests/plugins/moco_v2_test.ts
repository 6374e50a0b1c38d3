import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { int64, type Tensor, tensor } from "../../core/engine/graph/tensor.ts";
import { checkMethod } from "../../core/method/load.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import plugin from "../../plugins/moco-v2/mod.ts";
import { hashedTensor } from "../core/engine/nn/hashed_values.ts";
import { smallBackbone } from "../core/train/small_methods.ts";
import { assertFollows, readGolden, RUNS } from "./fidelity.ts";
import { chanceOf, testMethod } from "./method_checks.ts";

const mocoV2 = checkMethod(plugin, "moco-v2");

testMethod(mocoV2, {
  options: { hiddenWidth: 32, width: 16, queueLength: 64, groupSize: 4 },
  refused: [
    [{ temperature: 0 }, "options.temperature"],
    [{ groupSize: 1 }, "options.groupSize"],
    [{ queueLength: 5 }, "queueLength must be a whole batch of 6, found 5"],
  ],
  refusedViews: [1, 3],
});

Deno.test("MoCo v2 refuses a batch that is not of equal groups", () => {
  assertThrows(
    () =>
      buildMethodGraph(mocoV2, {
        backbone: smallBackbone,
        viewSizes: [8, 8],
        batchSize: 10,
        options: { groupSize: 3 },
      }),
    TypeError,
    "the batch must be of equal groups for batch norm, of about groupSize 3; found 10 for 3 groups",
  );
});

/** What reference/moco_v2_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly hiddenWidth: number;
  readonly width: number;
  readonly temperature: number;
  readonly queueLength: number;
  readonly groupSize: number;
  readonly encoderMomentum: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const golden = await readGolden<Settings>("moco_v2_steps");
const { batchSize, queueLength, width: WIDTH } = golden;

/** Where the reference, which writes batches one after another, has the row of a queue whose newest batch is first. */
function ringRow(row: number, pointer: number): number {
  const newest = pointer - batchSize * (1 + Math.floor(row / batchSize));
  return (newest + row % batchSize + 2 * queueLength) % queueLength;
}

/** A queue as the reference starts with: hashed keys of unit length, here in the order of ours. */
function fillQueue(weights: Map<string, Tensor>): void {
  const { data } = hashedTensor("queue", [queueLength, WIDTH]);
  const rows = new Float32Array(data.length);
  for (let row = 0; row < queueLength; row++) {
    const key = data.subarray(ringRow(row, 0) * WIDTH).subarray(0, WIDTH);
    const norm = Math.sqrt(key.reduce((sum, x) => sum + x * x, 0));
    key.forEach((x, i) => rows[row * WIDTH + i] = x / norm);
  }
  weights.set("queue", tensor("float32", [queueLength, WIDTH], rows));
}

/** The state with the queue as the reference stores it: a key a column, and where the next batch goes. */
function withRing(weights: ReadonlyMap<string, Tensor>, pushed: number): Map<string, Tensor> {
  const { queue, queue_filled: filled, ...rest } = Object.fromEntries(weights);
  assertEquals(Number(filled!.data[0]), Math.min(pushed, queueLength));
  const pointer = pushed % queueLength;
  const columns = new Float32Array(queueLength * WIDTH);
  for (let row = 0; row < queueLength; row++) {
    for (let i = 0; i < WIDTH; i++) {
      const value = Number(queue!.data[row * WIDTH + i]);
      columns[i * queueLength + ringRow(row, pointer)] = value;
    }
  }
  return new Map([
    ...Object.entries(rest),
    ["queue", tensor("float32", [WIDTH, queueLength], columns)],
    ["queue_ptr", int64([1], [pointer])],
  ]);
}

for (const run of RUNS) {
  Deno.test(`MoCo v2 follows PyTorch for 20 steps, ${run}, in every loss, spread and final tensor, and the queue`, async () => {
    const { hiddenWidth, temperature, groupSize, learningRate, momentum, weightDecay } = golden;
    await assertFollows(golden, {
      method: mocoV2,
      options: { hiddenWidth, width: WIDTH, temperature, queueLength, groupSize },
      configuration: {
        learningRate,
        momentum,
        weightDecay,
        scheduled: { encoderMomentum: { from: golden.encoderMomentum } },
      },
      adjust: fillQueue,
      stored: (weights, steps) => withRing(weights, steps * batchSize),
    }, run);
  });
}

Deno.test("MoCo v2's guess costs the logarithm of the queue and the key", async () => {
  assertAlmostEquals(await chanceOf(mocoV2, "imagenet"), 11.09, 0.01);
});
