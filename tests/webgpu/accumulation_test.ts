import { assert, assertEquals } from "@std/assert";
import { withTarget } from "../../core/engine/graph/target.ts";
import type { Tensor } from "../../core/engine/graph/tensor.ts";
import { CPU, type Device } from "../../core/engine/ort/mod.ts";
import {
  accumulatedSteps,
  plainSteps,
  type SmallOutcome,
  type SmallRun,
} from "../core/train/step/accumulation/small_accumulation.ts";
import { NORMALIZED, shuffledKeys } from "../core/train/step/accumulation/small_couplings.ts";
import { smallBackbone } from "../core/train/small_methods.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

const STEPS = 3;
const MICRO_BATCH = 4;
const TOLERANCE = 1e-4;

/** A method with batch norm, a queue, a momentum encoder and a permutation. */
function runOn(device: Device): SmallRun {
  return {
    method: shuffledKeys(NORMALIZED),
    backbone: smallBackbone,
    scalars: { learning_rate: 0.1, weight_decay: 1e-3, average_rate: 0.2 },
    options: { device },
  };
}

function assertClose(
  found: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
): void {
  for (const [name, { dtype, data }] of expected) {
    const other = found.get(name)!.data;
    if (dtype === "int64") assertEquals(other, data, name);
    else {
      data.forEach((value, i) =>
        assert(
          Math.abs(Number(value) - Number(other[i])) < TOLERANCE,
          `${name} differs at ${i}: ${other[i]}, not ${value}`,
        )
      );
    }
  }
}

const WAYS: readonly (readonly [name: string, take: (run: SmallRun) => Promise<SmallOutcome>])[] = [
  ["a whole batch", (run) => plainSteps(run, STEPS)],
  ["micro-batches", (run) => accumulatedSteps(run, MICRO_BATCH, STEPS)],
];

for (const [name, take] of WAYS) {
  Deno.test({
    name: `steps by ${name} with batch norm, a queue and a permutation on WebGPU are the CPU's` +
      WITHOUT_WEBGPU.why,
    ignore: WITHOUT_WEBGPU.ignore,
    async fn() {
      // The graphs are built before anything is waited for.
      const onDevice = (device: Device) =>
        withTarget({ provider: device.provider }, () => take(runOn(device)));
      const [expected, found] = [await onDevice(CPU), await onDevice(WEBGPU)];
      assertEquals(found.results.length, STEPS);
      found.results.forEach(({ loss }, i) =>
        assert(Math.abs(loss - expected.results[i]!.loss) < TOLERANCE, `step ${i}: ${loss}`)
      );
      assertClose(found.weights, expected.weights);
      assertClose(found.slots, expected.slots);
    },
  });
}
