import { mpirunWell, testMpi } from "../../../mpirun.ts";

testMpi("checkSameState() names the ranks and the first tensor that differs", async (kind) => {
  const program = new URL("../ranks/rank_states.ts", import.meta.url);
  await mpirunWell(kind, 2, program, [], {
    permissions: ["--allow-ffi", "--allow-env", "--allow-read", "--allow-sys"],
  });
}, ["openmpi"]);
