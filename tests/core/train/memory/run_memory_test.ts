/**
 * The estimate of a run's memory, against the peak resident memory of real runs in processes of their own.
 */
import { assert, assertEquals } from "@std/assert";
import { measurePeak, type MemoryCase } from "../../../../bench/peak_memory.ts";
import { runMemory } from "../../../../core/train/memory/run_memory.ts";
import type { StepMemory } from "../../../../core/train/memory/step_memory.ts";

/** Share of the measured memory by which an estimate may be off. */
const TOLERANCE = 0.2;

const CASES: readonly MemoryCase[] = [
  { method: "simsiam", preset: "demo", configuration: { batchSize: 32 } },
  {
    method: "byol",
    preset: "demo",
    configuration: { batchSize: 64, deviceBatchSize: 32 },
  },
];

for (const given of CASES) {
  Deno.test({
    name: `runMemory() is near the peak of a run of ${given.method}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const { estimated: { total }, measured } = await measurePeak(given);
      assert(
        Math.abs(total / measured - 1) < TOLERANCE,
        `estimated ${total} bytes, measured ${measured}`,
      );
    },
  });
}

const STEP: StepMemory = {
  ...{ state: 1000, slots: 2000, passed: 3000, batch: 4000, activations: 50_000 },
  models: { gradients: { nodes: 10, bytes: 1 }, update: { nodes: 5, bytes: 1 } },
};

Deno.test("runMemory() counts loaded batches as bytes, and the largest of the networks that run in turn", () => {
  const given = {
    step: STEP,
    images: 16,
    recipes: [{ size: 10 }, { size: 10 }, { size: 4 }],
    drawnParameters: 250,
    configuration: { batchSize: 8, loaders: 2, data: "photos" },
  };
  const alone = runMemory(given);
  assertEquals(alone.batches, 4000 + 3 * 8 * 3 * (100 + 100 + 16));
  assertEquals([alone.activations, alone.pairEncoder, alone.gradients], [50_000, 0, 3000]);
  const encoder = { nodes: 7, weights: 600, activations: 70_000 };
  const weighted = runMemory({ ...given, encoder });
  assertEquals([weighted.activations, weighted.pairEncoder], [70_000, 600]);
  assert(weighted.process > alone.process);
  const { total, ...parts } = weighted;
  assertEquals(total, Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
});
