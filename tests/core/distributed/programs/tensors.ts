/**
 * Checks collectives on tensors of the CPU: in place, in half precision, and when a tensor is disposed meanwhile.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { inProcessGroup, type ProcessGroup } from "../../../../core/distributed/mod.ts";
import { float32, int64, tensor } from "../../../../core/engine/graph/mod.ts";
import { DeviceTensor } from "../../../../core/engine/ort/mod.ts";

async function checkInPlace(group: ProcessGroup): Promise<void> {
  const { rank, size } = group;
  using data = DeviceTensor.from(float32([2, 2], [rank, 1, 2, 3]));
  const view = data.data;
  await group.allReduce(data, "mean");
  assertEquals(view, Float32Array.of((size - 1) / 2, 1, 2, 3));
  await group.allReduce(data, "sum");
  assertEquals(view[1], size);

  using steps = DeviceTensor.from(int64([1], [rank]));
  await group.allReduce(steps, "max");
  assertEquals(steps.data[0], BigInt(size - 1));
  await assertRejects(() => group.allReduce(steps, "mean"), TypeError, "reduce by sum");
}

async function checkMoves(group: ProcessGroup): Promise<void> {
  const { rank, size } = group;
  const half = (value: number) => tensor("float16", [2], Float16Array.of(value, value + 0.5));
  using data = DeviceTensor.from(half(rank));
  using target = DeviceTensor.empty({ dtype: "float16", shape: [size, 2] });
  assertEquals(await group.allGather(data, target) === target, true);
  const all = Array.from({ length: size }, (_, each) => [each, each + 0.5]).flat();
  assertEquals([...target.data], all);
  await assertRejects(() => group.allReduce(data, "sum"), TypeError, "half precision");
  await group.broadcast(data, size - 1);
  assertEquals([...data.data], [size - 1, size - 0.5]);

  using small = DeviceTensor.empty({ dtype: "float16", shape: [2] });
  await assertRejects(
    () => group.allGather(data, small),
    RangeError,
    `the target must have ${2 * size} elements, found 2`,
  );
  await assertRejects(() => group.broadcast(data, size), RangeError, `found ${size}`);
}

/** The memory stays until the collective has ended; nothing is left to look at. */
async function checkDisposed(group: ProcessGroup): Promise<void> {
  const data = DeviceTensor.from(float32([100_000], new Float32Array(100_000).fill(1)));
  const pending = group.allReduce(data, "sum");
  data[Symbol.dispose]();
  await pending;
  await assertRejects(() => group.allReduce(data, "sum"), TypeError, "found it disposed");
}

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    await checkInPlace(group);
    await checkMoves(group);
    await checkDisposed(group);
  });
}
