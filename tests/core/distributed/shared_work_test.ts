import { assert, assertStringIncludes } from "@std/assert";
import { mpirun, mpirunWell, testMpi } from "../../mpirun.ts";

const PROGRAM = new URL("./programs/shared_work.ts", import.meta.url);
const permissions = ["--allow-ffi", "--allow-env", "--allow-read"];

testMpi(
  "inShares() brings the events of all ranks to the first, and stops all that one is told to",
  async (kind) => {
    const { stdout } = await mpirunWell(kind, 3, PROGRAM, [], { permissions });
    assertStringIncludes(stdout, "all shares are done");
  },
);

testMpi("inShares() throws the error of a share at once, which ends all ranks", async (kind) => {
  const { code, stderr } = await mpirun(kind, 2, PROGRAM, ["fail"], { permissions });
  assert(code !== 0, `code ${code}`);
  assertStringIncludes(stderr, "rank 1 of 2: Error: the share of rank 1 is spoilt");
}, ["openmpi"]);
