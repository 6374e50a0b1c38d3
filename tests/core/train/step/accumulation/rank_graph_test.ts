import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { nodesLeadingTo } from "../../../../../core/engine/graph/node.ts";
import { withTarget } from "../../../../../core/engine/graph/target.ts";
import { sgd } from "../../../../../core/engine/optim/mod.ts";
import type { LoadedMethod } from "../../../../../core/method/load.ts";
import { buildAccumulatedGraph } from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import { buildRankGraph } from "../../../../../core/train/step/accumulation/rank_graph.ts";
import { buildMethodStep } from "../../../../../core/train/step/method_step.ts";
import { mpirunWell, testMpi } from "../../../../mpirun.ts";
import { methodOf, SIZE, smallBackbone } from "../../small_methods.ts";
import { chained, gatheredKeys, NORMALIZED, shuffledKeys } from "./small_couplings.ts";

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
      await mpirunWell(kind, ranks, program, [], { permissions, seconds: 480 });
    },
    ranks === 2 ? undefined : ["openmpi"],
  );
}

for (const name of ["MoCo v3's", "Barlow Twins'"]) {
  Deno.test(`${name} rows are compared with those of the batch by one process each`, () => {
    const method = name === "MoCo v3's" ? gatheredKeys(NORMALIZED) : methodOf((context) => {
      const encoder = context.network({ projector: [{ width: 16 }] });
      const [a, b] = context.views.map((view) => encoder(view));
      return { loss: context.losses.barlowTwins(a!, b!), embeddings: a! };
    });
    const given = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: 8 };
    const compared = (ranks: number) => {
      const { loss } = withTarget({ ranks }, () => buildRankGraph(method, given));
      const products = nodesLeadingTo([loss], true).filter(({ op }) => op.type === "FusedMatMul");
      const shapes = products.map(({ outputs }) => `${Object.values(outputs)[0]!.shape}`);
      return new Set(shapes.filter((shape) => shape.endsWith(",8")));
    };
    assertEquals([1, 2, 4].map((ranks) => [...compared(ranks)]), [["8,8"], ["4,8"], ["2,8"]]);
  });
}

Deno.test("parameters that are read between networks and by the loss are the same values", () => {
  const options = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: 8 };
  withTarget({ ranks: 2 }, () => {
    const graph = buildRankGraph(chained(NORMALIZED), options);
    const { built } = buildMethodStep(graph, { optimizer: sgd() });
    const names = built.state.map(({ name }) => name);
    assertEquals(["scale", "turn"].filter((name) => names.includes(name)), ["scale", "turn"]);
  });
});

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

Deno.test("buildRankGraph() refuses what one process alone can compute, and says so", () => {
  const options = { backbone: smallBackbone, viewSizes: [SIZE, SIZE], batchSize: 8 };
  const refused = (method: LoadedMethod) =>
    assertThrows(() => withTarget({ ranks: 2 }, () => buildRankGraph(method, options)), TypeError)
      .message;
  const readsPixels = methodOf(({ network, views, ops }) => {
    const z = network({ projector: NORMALIZED })(views[0]!);
    return { loss: ops.add(ops.reduceMean(z), ops.reduceMean(views[1]!)), embeddings: z };
  });
  assertEquals(
    refused(readsPixels),
    "Cannot train on 2 processes: the method must read views through its networks alone, found that its loss reads view 1 " +
      "itself, counted from 0; train on one, with --device-batch-size 0",
  );
  const mixesSamples = methodOf(({ network, views, ops }) => {
    const mean = ops.reduceMean(views[0]!, { axis: 0, keepDims: true });
    const z = network({ projector: NORMALIZED })(ops.sub(views[0]!, mean));
    return { loss: ops.reduceMean(z), embeddings: z };
  });
  assertStringIncludes(
    refused(mixesSamples),
    'Cannot train on 2 processes: what "backbone" is applied to must be computed sample by sample',
  );
});
