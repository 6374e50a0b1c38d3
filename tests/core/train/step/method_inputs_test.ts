import { assertEquals, assertThrows } from "@std/assert";
import type { LoadedMethod } from "../../../../core/method/load.ts";
import type { Manifest } from "../../../../core/method/manifest.ts";
import { buildMethodGraph, type MethodGraph } from "../../../../core/train/step/method_graph.ts";
import { factsOf } from "../../../../core/train/step/method_facts.ts";
import { unusedInputs } from "../../../../core/train/step/method_inputs.ts";
import { BATCH, methodOf, SIZE, smallBackbone } from "../small_methods.ts";

/** A method whose loss reads some views, and pair weights or not; the others go through the network in vain. */
function reading(
  { read, weighted }: { read: number; weighted: boolean },
  manifest: Partial<Manifest> = {},
): LoadedMethod {
  const method = methodOf(({ views, pairWeights, encoder, ops }) => {
    const online = encoder("online");
    const features = views.map((view) => online.backbone(view));
    const sum = features.slice(0, read).reduce((total, x) => ops.add(total, x));
    const rows = ops.reduceMean(sum, { axes: [1] });
    return {
      loss: ops.reduceMean(weighted ? ops.mul(rows, pairWeights) : rows),
      embeddings: features[0]!,
    };
  });
  return { ...method, manifest: { ...method.manifest, ...manifest } };
}

function graphOf(method: LoadedMethod, views: number): MethodGraph {
  return buildMethodGraph(method, {
    backbone: smallBackbone,
    viewSizes: new Array<number>(views).fill(SIZE),
    batchSize: BATCH,
  });
}

Deno.test("a method that uses 2 of 8 views, or ignores pair weights, is said to", () => {
  const graph = graphOf(reading({ read: 2, weighted: false }), 8);
  assertEquals(graph.unusedViews, [2, 3, 4, 5, 6, 7]);
  assertEquals(unusedInputs(factsOf(() => graph), false), [
    "The method trains on 2 of 8 views: its loss does not depend on view 2, 3, 4, 5, 6, 7, counted from 0",
  ]);
  assertEquals(
    unusedInputs(factsOf(() => graph), true)[1]!.startsWith("The method ignores the quality-"),
    true,
  );
  assertEquals(
    unusedInputs(factsOf(() => graphOf(reading({ read: 2, weighted: true }), 2)), true),
    [],
  );
});

Deno.test("buildMethodGraph() holds views and pair weights against the manifest", () => {
  const method = (manifest: Partial<Manifest>) => reading({ read: 2, weighted: false }, manifest);
  assertEquals(graphOf(method({ views: [2, 4], usesPairWeights: false }), 2).unusedViews, []);
  for (
    const [manifest, views, message] of [
      [{ views: 2 }, 8, "it takes 2 views, found 8; choose other --views"],
      [{ views: [2, 4] }, 1, "it takes 2 to 4 views, found 1"],
      [
        { views: [2, 4] },
        3,
        "its manifest has views [2,4], but its loss does not depend on view 2 of 3",
      ],
      [
        { usesPairWeights: true },
        2,
        "its manifest has usesPairWeights true, but its loss does not depend on them",
      ],
    ] as const
  ) {
    assertThrows(
      () => graphOf(method(manifest), views),
      TypeError,
      `Cannot build method "small": ${message}`,
    );
  }
});

Deno.test("buildMethodGraph() gives the pairs of views whose weights reach the loss, the first two where none does", () => {
  const pairsOf = (asked: readonly (readonly [number, number])[], read: number) => {
    const method = methodOf(({ views, weightsOfPair, encoder, ops }) => {
      const [first] = views.map((view) => encoder("online").backbone(view));
      const rows = ops.reduceMean(first!, { axes: [1] });
      const weights = asked.map(([a, b]) => weightsOfPair(a, b)).slice(0, read);
      const loss = weights.reduce((product, value) => ops.mul(product, value), rows);
      return { loss: ops.reduceMean(loss), embeddings: first! };
    });
    return graphOf(method, 3).pairs.map(({ views }) => views);
  };
  // However often and in whatever order they are asked for.
  assertEquals(pairsOf([[2, 1], [1, 2], [0, 2]], 3), [[1, 2], [0, 2]]);
  assertEquals(pairsOf([[1, 2], [0, 2]], 1), [[1, 2]]);
  assertEquals(pairsOf([[1, 2]], 0), [[0, 1]]);
});
