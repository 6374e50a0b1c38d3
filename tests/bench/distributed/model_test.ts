import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { allReduceSeconds, fitWire, stepParts } from "../../../bench/distributed/model.ts";

const WIRE = { latency: 1e-5, bandwidth: 1e9 };

Deno.test("fitWire() finds the wire that took the times", () => {
  const timed = (bytes: number) => ({ bytes, seconds: allReduceSeconds(bytes, 4, WIRE) });
  const { latency, bandwidth } = fitWire(4, timed(0), timed(1e8));
  assertAlmostEquals(latency, 1e-5, 1e-9);
  assertAlmostEquals(bandwidth / 1e9, 1, 1e-6);
});

Deno.test("a sum takes 2 (N - 1) / N of its bytes, and messages by the logarithm of N", () => {
  assertEquals(allReduceSeconds(1e9, 1, WIRE), 0);
  assertAlmostEquals(allReduceSeconds(1e9, 2, WIRE), 1 + 2e-5, 1e-9);
  assertAlmostEquals(allReduceSeconds(1e9, 8, WIRE), 1.75 + 6e-5, 1e-9);
});

Deno.test("stepParts() hides gradients behind what overlaps, and grows the loss with the number of GPUs", () => {
  const work = { name: "", samples: 64, compute: 1, gradients: 1e9, collectives: 0, width: 128 };
  const open = { name: "", wire: WIRE, stop: 0, overlap: 0 };
  const plain = stepParts(work, open, 8);
  assertAlmostEquals(plain.gradients, allReduceSeconds(1e9, 8, WIRE), 1e-9);
  assertAlmostEquals(
    stepParts(work, { ...open, overlap: 0.5 }, 8).gradients,
    plain.gradients - 0.5,
    1e-9,
  );
  assertEquals(stepParts(work, open, 16).loss / plain.loss, 2);
  assert(plain.efficiency > 0.3 && plain.efficiency < 0.4);
});
