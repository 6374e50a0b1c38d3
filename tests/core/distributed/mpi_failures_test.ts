import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { MpiKind } from "../../../core/distributed/mod.ts";
import { mpirun, type MpirunResult, testMpi } from "../../mpirun.ts";

const FAILURES = new URL("./programs/failures.ts", import.meta.url);
const COLLECTIVES = new URL("./programs/collectives.ts", import.meta.url);

/** Within which all ranks have ended, in milliseconds, also where other programs use the processor. */
const SOON = 15_000;

async function failing(kind: MpiKind, failure: string, how: string): Promise<MpirunResult> {
  const result = await mpirun(kind, 3, FAILURES, [failure, how], {
    permissions: ["--allow-ffi", "--allow-env", "--allow-run"],
  });
  // Behind it MPICH writes how the processes have ended.
  const passed = Date.now() - Number.parseInt(result.stdout);
  assert(passed < SOON, `The ranks ended ${passed} ms after the failure`);
  return result;
}

testMpi("an error on one rank ends all, its message on top", async (kind) => {
  for (const how of ["barrier", "blocking"]) {
    const { code, stderr } = await failing(kind, "error", how);
    assertEquals(code, 1);
    assertMatch(stderr, /^rank 1 of 3: Cannot read photo.jpg: it must be an image\n/);
  }
});

testMpi("an error ends all ranks also while a collective is in flight", async (kind) => {
  const { code, stderr } = await failing(kind, "errorInFlight", "barrier");
  assertEquals(code, 1);
  assertMatch(stderr, /^rank 1 of 3: Cannot go on\n/);
});

testMpi("a bug on one rank ends all, with its stack", async (kind) => {
  const { code, stderr } = await failing(kind, "bug", "barrier");
  assertEquals(code, 1);
  assertMatch(stderr, /^rank 1 of 3: TypeError: a bug\n {4}at .*failures\.ts/);
});

testMpi("abort() ends all ranks with its message and code", async (kind) => {
  const { code, stderr } = await failing(kind, "abort", "blocking");
  assertEquals(code, 7);
  assertMatch(stderr, /^rank 1 of 3: stopped by hand\n/);
});

testMpi("a rank that is killed ends all", async (kind) => {
  for (const how of ["barrier", "blocking"]) {
    const { code } = await failing(kind, "kill", how);
    assertEquals(code === 0, false);
  }
});

testMpi("a rank that ends early ends all, and none passes for a success", async (kind) => {
  const { code, stderr } = await failing(kind, "exit", "barrier");
  assertEquals(code, 1);
  assertMatch(stderr, /^rank 1 of 3: Cannot go on: all ranks must finalise their group/);
});

testMpi("a rank with fewer elements is told of it", async (kind) => {
  const { code, stderr } = await failing(kind, "count", "broadcast");
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /Cannot broadcast 4 float32 from rank 0 on rank 1 of 3: MPI_Bcast must succeed, found .*trunc.*; all ranks must call the same/i,
  );
});

testMpi("a library of the other kind is told from the right one", async (kind) => {
  const [library, found, remedy] = kind === "openmpi"
    ? ["libmpich.so.12", "found 1 by MPICH v", "load Open MPI (Debian, Ubuntu: apt-get install"]
    : [
      "libmpi.so.40",
      "found 1 by Open MPI v",
      "load MPICH (Debian, Ubuntu: apt-get install mpich",
    ];
  const { code, stderr } = await mpirun(kind, 2, COLLECTIVES, [], {
    environment: { GENVIEW_MPI_LIBRARY: library! },
  });
  assertEquals(code === 0, false);
  assertStringIncludes(stderr, "Cannot join the 2 processes of");
  assertStringIncludes(stderr, found!);
  assertStringIncludes(stderr, remedy!);
});

testMpi("a library that is not there is told by its name", async (kind) => {
  const { code, stderr } = await mpirun(kind, 2, COLLECTIVES, [], {
    environment: { GENVIEW_MPI_LIBRARY: "/nowhere/libmpi.so" },
  });
  assertEquals(code === 0, false);
  assertStringIncludes(stderr, "/nowhere/libmpi.so: cannot open shared object file");
  assertStringIncludes(stderr, "GENVIEW_MPI_LIBRARY must name a library of Open MPI or MPICH");
});
