import { assertStringIncludes } from "@std/assert";
import { withFolder } from "../backbones/clip_golden.ts";
import { mpirunWell, testMpi } from "../../mpirun.ts";

const PROGRAM = new URL("./programs/rank_evaluation.ts", import.meta.url);
const permissions = ["--allow-all"];

testMpi(
  "features, neighbours, retrieval and a probe are on 2 ranks what they are on one",
  async (kind) => {
    const { stdout } = await mpirunWell(kind, 2, PROGRAM, [], { permissions, seconds: 240 });
    assertStringIncludes(stdout, "the same on 2 ranks");
  },
);

testMpi(
  "features, neighbours, retrieval and a probe are on 3 ranks what they are on one",
  async (kind) => {
    const { stdout } = await mpirunWell(kind, 3, PROGRAM, [], { permissions, seconds: 240 });
    assertStringIncludes(stdout, "the same on 3 ranks");
  },
  ["openmpi"],
);

testMpi(
  "a probe and fine-tuning on augmented images learn on 2 ranks what they learn on one",
  (kind) =>
    withFolder(async (path) => {
      const training = new URL("./programs/rank_training.ts", import.meta.url);
      const { stdout } = await mpirunWell(kind, 2, training, [path("runs")], {
        permissions,
        seconds: 240,
      });
      assertStringIncludes(stdout, "trained the same");
    }),
  ["openmpi"],
);
