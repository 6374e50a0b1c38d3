/**
 * Sends and compares states of runs on several ranks.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { inProcessGroup } from "../../../../core/distributed/mod.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { DeviceTensor } from "../../../../core/engine/ort/mod.ts";
import {
  checkSameState,
  type RunState,
  shareState,
  shareStatistics,
} from "../../../../core/train/run/rank_state.ts";
import { TrainingError } from "../../../../core/train/run/run_guard.ts";

function filled(value: number): DeviceTensor<"float32"> {
  return DeviceTensor.from(tensor("float32", [3], new Float32Array(3).fill(value)));
}

function values(tensors: ReadonlyMap<string, DeviceTensor>): number[] {
  return [...tensors.values()].map((each) => Number(each.read().data[0]));
}

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    const { rank } = group!;
    const state: RunState = {
      weights: new Map([
        ["trunk.weight", filled(rank)],
        ["trunk.bias", filled(7)],
        ["bn.running_mean", filled(10 + rank)],
      ]),
      slots: new Map([["momentum.trunk.bias", filled(20 + rank)]]),
    };
    await assertRejects(
      () => checkSameState(group!, state, 5),
      TrainingError,
      'after step 5: "trunk.weight" must be the same on all processes, found that of rank 1 to differ',
    );
    state.weights.get("trunk.weight")!.write(filled(0).read());
    await assertRejects(() => checkSameState(group!, state, 5), TrainingError, "slot momentum");

    await shareStatistics(group!, state);
    assertEquals(values(state.weights), [0, 7, 10]);
    assertEquals(values(state.slots), [20 + rank]);
    await shareState(group!, state);
    assertEquals(values(state.slots), [20]);
    await checkSameState(group!, state, 5);
    state.weights.get("bn.running_mean")!.write(filled(rank).read());
    await checkSameState(group!, state, 5);
  });
}
