import { assertStringIncludes } from "@std/assert";
import { mpirunWell, testMpi } from "../../mpirun.ts";

const PROGRAM = new URL("./programs/rank_evaluation.ts", import.meta.url);
const permissions = ["--allow-all"];

testMpi(
  "features, neighbours, retrieval and a probe are on 2 ranks what they are on one",
  async (kind) => {
    const { stdout } = await mpirunWell(kind, 2, PROGRAM, [], { permissions });
    assertStringIncludes(stdout, "the same on 2 ranks");
  },
);

testMpi(
  "features, neighbours, retrieval and a probe are on 3 ranks what they are on one",
  async (kind) => {
    const { stdout } = await mpirunWell(kind, 3, PROGRAM, [], { permissions });
    assertStringIncludes(stdout, "the same on 3 ranks");
  },
  ["openmpi"],
);
