/**
 * Checks that a mean of numbers that do not add exactly has the same bits on all ranks: whoever steps by it has the same
 * parameters as the others.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { inProcessGroup } from "../../../../core/distributed/mod.ts";

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    // Short and long messages are reduced by other algorithms.
    for (const length of [1, 1000, 300_000]) {
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i + 1) / (group.rank + 3));
      await group.allReduce(data, "mean");
      const [first, ...others] = await group.allGatherBytes(new Uint8Array(data.buffer));
      for (const other of others) assertEquals(other, first);
    }
  });
}
