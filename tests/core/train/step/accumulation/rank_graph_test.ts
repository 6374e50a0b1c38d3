import { assertThrows } from "@std/assert";
import { withTarget } from "../../../../../core/engine/graph/mod.ts";
import { buildAccumulatedGraph } from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import { buildRankGraph } from "../../../../../core/train/step/accumulation/rank_graph.ts";
import { mpirunWell, testMpi } from "../../../../mpirun.ts";
import { methodOf, SIZE, smallBackbone } from "../../small_methods.ts";
import { NORMALIZED, shuffledKeys } from "./small_couplings.ts";

testMpi("two ranks take the steps of one process, for every method", async (kind) => {
  const program = new URL("./rank_steps.ts", import.meta.url);
  const permissions = ["--allow-ffi", "--allow-env", "--allow-read", "--allow-sys"];
  await mpirunWell(kind, 2, program, [], { permissions, seconds: 240 });
});

for (const ranks of [2, 4]) {
  testMpi(
    `${ranks} ranks with synchronised batch norm take the steps of one process with the whole batch, for every method`,
    async (kind) => {
      const program = new URL("./rank_equality.ts", import.meta.url);
      const permissions = ["--allow-ffi", "--allow-env", "--allow-read", "--allow-sys"];
      await mpirunWell(kind, ranks, program, [], { permissions, seconds: 240 });
    },
    ranks === 2 ? undefined : ["openmpi"],
  );
}

Deno.test("buildAccumulatedGraph() refuses to shuffle views among processes", () => {
  const method = shuffledKeys(NORMALIZED);
  const given = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: 8 };
  assertThrows(
    () =>
      withTarget(
        { ranks: 2 },
        () => buildAccumulatedGraph(method, { ...given, deviceBatchSize: 2 }),
      ),
    TypeError,
    'found that "shuffle" does; set --device-batch-size 0',
  );
});

Deno.test("buildRankGraph() refuses a batch that its processes cannot share", () => {
  const method = methodOf(({ network, views, losses }) => {
    const z = network({ projector: [{ width: 4 }] });
    const [a, b] = views.map((view) => z(view));
    return { loss: losses.negativeCosineSimilarity(a!, b!), embeddings: a! };
  });
  const options = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: 6 };
  assertThrows(
    () => withTarget({ ranks: 4 }, () => buildRankGraph(method, options)),
    RangeError,
    "4 must divide --batch-size, found 6",
  );
});
