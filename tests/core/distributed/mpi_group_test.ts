import { assertEquals } from "@std/assert";
import { mpirunWell, testMpi } from "../../mpirun.ts";

const COLLECTIVES = new URL("./programs/collectives.ts", import.meta.url);
const EQUAL_BITS = new URL("./programs/equal_bits.ts", import.meta.url);
const TENSORS = new URL("./programs/tensors.ts", import.meta.url);

interface Place {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly library: string;
}

function placesIn(stdout: string): Place[] {
  const places: Place[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  return places.sort((a, b) => a.rank - b.rank);
}

testMpi("collectives of every type are right on 2 ranks", async (kind) => {
  const { stdout } = await mpirunWell(kind, 2, COLLECTIVES);
  const places = placesIn(stdout);
  assertEquals(places.map(({ rank, size }) => [rank, size]), [[0, 2], [1, 2]]);
  assertEquals(places.map(({ localRank, localSize }) => [localRank, localSize]), [[0, 2], [1, 2]]);
  const name = kind === "openmpi" ? /^Open MPI v\d/ : /^MPICH v\d/;
  assertEquals(places.every(({ library }) => name.test(library)), true);
});

testMpi("collectives are right on 4 ranks, where messages are cut", async (kind) => {
  // Of one type: where ranks share cores, those of MPICH keep them while they wait.
  const { stdout } = await mpirunWell(kind, 4, COLLECTIVES, ["Float32Array", "400"]);
  assertEquals(placesIn(stdout).map(({ rank }) => rank), [0, 1, 2, 3]);
});

testMpi("a mean has the same bits on all ranks", async (kind) => {
  await mpirunWell(kind, 3, EQUAL_BITS);
});

testMpi("collectives work on tensors in place", async (kind) => {
  await mpirunWell(kind, 2, TENSORS, [], {
    permissions: ["--allow-ffi", "--allow-env", "--allow-read"],
  });
});
