import { assertEquals } from "@std/assert";
import type { CollectiveMemory } from "../../../core/distributed/collective_data.ts";
import {
  allGatherCalls,
  allReduceCalls,
  broadcastCalls,
  type Communicator,
  reduceScatterCalls,
} from "../../../core/distributed/mpi_collectives.ts";
import { MPICH_CONSTANTS } from "../../../core/distributed/mpi_signatures.ts";

const FLOAT32 = MPICH_CONSTANTS.elements.float32;
const { sum } = MPICH_CONSTANTS.reductions;

function communicator(longest: number): Communicator {
  return { handle: 9, size: 2, constants: MPICH_CONSTANTS, longest };
}

function memory(address: bigint, length: number): CollectiveMemory {
  return { address, length, element: "float32", width: 4, owner: undefined };
}

Deno.test("messages of more elements than an int counts are cut", () => {
  const longest = 2 ** 31 - 1;
  const data = memory(1000n, 5_000_000_000);
  const pieces = [[0n, longest], [4n * BigInt(longest), longest], [
    8n * BigInt(longest),
    5_000_000_000 - 2 * longest,
  ]] as const;
  assertEquals(
    broadcastCalls(communicator(longest), data, 1).map(({ given }) => given),
    pieces.map(([offset, length]) => [1000n + offset, length, FLOAT32, 1, 9]),
  );
});

Deno.test("sums are cut into messages that are quickest", () => {
  const longest = 2 ** 31 - 1;
  const piece = (25 << 20) / 4;
  const data = memory(1000n, piece + 3);
  assertEquals(
    allReduceCalls(communicator(longest), data, "mean").map(({ given }) => given),
    [[1000n, piece], [1000n + 4n * BigInt(piece), 3]].map(([address, length]) => [
      ...[MPICH_CONSTANTS.inPlace, address, length, FLOAT32, sum, 9],
    ]),
  );
  assertEquals(allReduceCalls(communicator(4), memory(0n, 9), "sum").length, 3);
});

Deno.test("a gathering is cut by its result, and each part sent by its rank", () => {
  const [data, target] = [memory(1000n, 3), memory(2000n, 6)];
  assertEquals(allGatherCalls(communicator(6), data, target).map(({ name }) => name), [
    "MPI_Allgather",
  ]);
  assertEquals(allGatherCalls(communicator(2), data, target).map(({ given }) => given), [
    [2000n, 2, FLOAT32, 0, 9],
    [2008n, 1, FLOAT32, 0, 9],
    [2012n, 2, FLOAT32, 1, 9],
    [2020n, 1, FLOAT32, 1, 9],
  ]);
});

Deno.test("a scattered reduction is cut by its data, and each part reduced to its rank", () => {
  const [data, target] = [memory(1000n, 4), memory(2000n, 2)];
  const given = (longest: number) =>
    reduceScatterCalls(communicator(longest), data, target, "sum").map((call) => call.given);
  assertEquals(given(4), [[1000n, 2000n, 2, FLOAT32, sum, 9]]);
  assertEquals(given(3), [
    [1000n, 2000n, 2, FLOAT32, sum, 0, 9],
    [1008n, 2000n, 2, FLOAT32, sum, 1, 9],
  ]);
});

Deno.test("without elements all ranks still meet", () => {
  assertEquals(broadcastCalls(communicator(4), memory(0n, 0), 0).length, 1);
  assertEquals(allReduceCalls(communicator(4), memory(0n, 0), "sum").length, 1);
});
