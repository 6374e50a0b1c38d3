/**
 * Arrays that lie in parts on all ranks, put together on each.
 *
 * @module
 */
import { arrayLike, type CollectiveArray } from "./collective_data.ts";
import type { ProcessGroup } from "./process_group.ts";

/**
 * Gathers the data of all ranks, of lengths that may differ, in the order of the ranks. Beside the result there is only
 * this rank's own part in memory.
 *
 * @param group the ranks; undefined where there is only this process
 * @param own this rank's part
 * @throws {GenviewError} if MPI fails
 */
export async function gatherParts<T extends CollectiveArray>(
  group: ProcessGroup | undefined,
  own: T,
): Promise<T> {
  if (group === undefined) return own;
  const lengths = [...await group.allGather(Float64Array.of(own.length))];
  const all = arrayLike(own, lengths.reduce((sum, length) => sum + length, 0));
  let start = 0;
  for (const [rank, length] of lengths.entries()) {
    const part = all.subarray(start, start + length) as T;
    if (rank === group.rank) (part as Float32Array).set(own as Float32Array);
    if (length > 0) await group.broadcast(part, rank);
    start += length;
  }
  return all;
}
