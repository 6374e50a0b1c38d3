import { assert, assertEquals, assertThrows } from "@std/assert";
import { visionTransformer } from "../../../../core/backbones/vision_transformer.ts";
import type { Backbone } from "../../../../core/backbones/backbone.ts";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import { applyLinear } from "../../../../core/engine/nn/linear.ts";
import * as operators from "../../../../core/engine/ops/mod.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import type { MlpLayer } from "../../../../core/method/mod.ts";
import { buildMethodGraph } from "../../../../core/train/step/method_graph.ts";
import { buildMethodStep, initialWeights } from "../../../../core/train/step/method_step.ts";
import { graphOf, methodOf, snapshot, stepOf, writeViews } from "../small_methods.ts";

const LAYERS: readonly MlpLayer[] = [
  { width: 6 },
  { width: 4, bias: true, norm: "none", activation: "none" },
];

/** A linear map of mean colours, which notes how many rows each application has. */
function counting(rows: number[]): Backbone {
  return {
    name: "counting",
    width: 3,
    apply: (scope, images) => {
      rows.push(images.shape[0]!);
      const features = scope.parameter("weight", [3, 3], () => new Float32Array(9));
      return applyLinear(operators.reduceMean(images, { axes: [2, 3] }), features);
    },
  };
}

/** Names of what a network declares that is applied to one view. */
function declaredNames(): string[] {
  const graph = graphOf(methodOf((context) => {
    const encoder = context.network({ projector: LAYERS });
    const z = encoder(context.views[0]!);
    return { loss: context.ops.reduceMean(z), embeddings: z };
  }));
  return [...graph.scope.declarations.keys()];
}

Deno.test("network() is the backbone and its heads, and declares no momentum encoder unless it is applied", () => {
  const names = declaredNames();
  assert(names.includes("backbone.conv1.weight"));
  assert(names.includes("projector.fc1.bias"));
  assertEquals(names.filter((name) => name.startsWith("momentum_encoder")), []);
});

Deno.test("network().momentum has the same parameters under momentum_encoder, and head() too", () => {
  const graph = graphOf(methodOf(({ network, head, views, ops }) => {
    const encoder = network({ projector: LAYERS });
    const predictor = head("predictor", [{ width: 4, norm: "none", activation: "none" }]);
    const z = predictor(encoder(views[0]!));
    const target = predictor.momentum(encoder.momentum(views[1]!));
    return { loss: ops.reduceMean(ops.mul(z, target)), embeddings: z };
  }));
  const names = [...graph.scope.declarations.keys()];
  const online = names.filter((name) => !name.startsWith("momentum_encoder."));
  assertEquals(
    names.filter((name) => name.startsWith("momentum_encoder.")).sort(),
    online.map((name) => `momentum_encoder.${name}`).sort(),
  );
});

Deno.test("network().momentum passes no gradient on, not even to a network before it", () => {
  const graph = graphOf(methodOf(({ network, head, views, ops }) => {
    const encoder = network();
    const predictor = head("predictor", [{ width: 10, norm: "none", activation: "none" }]);
    const z = encoder(views[0]!);
    return { loss: ops.reduceMean(predictor.momentum(z)), embeddings: z };
  }));
  assertThrows(
    () => buildMethodStep(graph, { optimizer: sgd() }),
    TypeError,
    "the loss does not depend on it",
  );
});

Deno.test("perView() gives what concatenated views give in one pass, in the order of the views", async () => {
  const { mul, reduceMean } = operators;
  const metrics = (z: readonly Value[]) =>
    Object.fromEntries(z.map((value, i) => [`z${i}`, reduceMean(mul(value, value))]));
  const losses = await Promise.all([true, false].map(async (perView) => {
    const graph = graphOf(methodOf(({ network, views, ops }) => {
      const encoder = network({ projector: LAYERS });
      const parts = perView
        ? encoder.perView(views)
        : ops.split(encoder(ops.concat(views, { axis: 0 })), [8, 8], { axis: 0 });
      return {
        loss: ops.reduceMean(ops.concat(parts, { axis: 0 })),
        embeddings: parts[0]!,
        metrics: metrics(parts),
      };
    }));
    using step = await stepOf(graph);
    writeViews(step, "views");
    return await step.run({ learning_rate: 0.1, weight_decay: 0 });
  }));
  assertEquals(losses[0], losses[1]);
  assert(losses[0]!.metrics["z0"] !== losses[0]!.metrics["z1"]);
});

Deno.test("perView() takes views of one size in one pass, and the heads all in one", () => {
  const rows: number[] = [];
  const projected: number[] = [];
  buildMethodGraph(
    methodOf(({ network, views, ops }) => {
      const z = network({ projector: [{ width: 2 }] }).perView(views);
      projected.push(...z.map(({ shape }) => shape[0]!));
      return { loss: ops.reduceMean(ops.concat(z, { axis: 0 })), embeddings: z[0]! };
    }),
    { backbone: counting(rows), viewSizes: [8, 4, 8, 4, 4], batchSize: 2 },
  );
  assertEquals(rows, [4, 6]);
  assertEquals(projected, [2, 2, 2, 2, 2]);
});

/** A step of a method that applies its networks to each view at once, or one call after the other. */
async function stepOfEachView(
  atOnce: boolean,
  batchNormGroups: number,
): Promise<{ readonly result: unknown[]; readonly weights: Map<string, Tensor> }> {
  const graph = graphOf(methodOf(({ network, head, views, ops }) => {
    const encoder = network({ projector: LAYERS }, { batchNormGroups });
    const predictor = head("predictor", [{ width: 5 }, { width: 4, activation: "none" }]);
    const each = (apply: typeof encoder | typeof encoder.momentum, parts: readonly Value[]) =>
      atOnce ? apply.eachView(parts) : parts.map((part) => apply(part));
    const predictions = each(predictor, each(encoder, views));
    const targets = each(encoder.momentum, views);
    const products = predictions.map((z, i) => ops.reduceMean(ops.mul(z, targets[1 - i]!)));
    return {
      loss: ops.add(products[0]!, ops.mul(products[1]!, 2)),
      embeddings: predictions[0]!,
      metrics: { first: products[0]!, second: products[1]! },
    };
  }));
  using step = await stepOf(graph);
  const results = [];
  for (const batch of ["one", "two"]) {
    writeViews(step, batch);
    const scalars = {
      ...{ learning_rate: 0.1, weight_decay: 0, average_rate: 0.1 },
      "scheduled.encoderMomentum": 0.9,
    };
    const { loss, metrics } = await step.run(scalars);
    results.push(loss, metrics["first"], metrics["second"]);
  }
  return { result: results, weights: snapshot(step.weights) };
}

for (const groups of [1, 2]) {
  Deno.test(`eachView() computes what a call for each view does, running statistics too, in ${groups} groups`, async () => {
    const [atOnce, apart] = await Promise.all(
      [true, false].map((each) => stepOfEachView(each, groups)),
    );
    assertAlmostEqualsEach(atOnce!.result as number[], apart!.result as number[]);
    assertEquals([...atOnce!.weights.keys()], [...apart!.weights.keys()]);
    for (const [name, value] of apart!.weights) {
      const found = atOnce!.weights.get(name)!;
      assertAlmostEqualsEach(Array.from(found.data, Number), Array.from(value.data, Number), name);
    }
    const tracked = apart!.weights.get("backbone.bn1.num_batches_tracked")!;
    assertEquals(Array.from(tracked.data, Number), [4]);
  });
}

function assertAlmostEqualsEach(
  actual: readonly number[],
  expected: readonly number[],
  name = "results",
): void {
  assertEquals(actual.length, expected.length, name);
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs(actual[i]! - value);
    assert(
      difference <= 2e-5 * Math.max(1, Math.abs(value)),
      `${name}[${i}]: ${actual[i]} ${value}`,
    );
  }
}

Deno.test("eachView() takes views of one size in one pass, and gives what is made of each in order", () => {
  const rows: number[] = [];
  const shapes: string[] = [];
  buildMethodGraph(
    methodOf(({ network, views, ops }) => {
      const encoder = network({ projector: [{ width: 2 }] });
      const z = encoder.eachView(views);
      shapes.push(...z.map(({ shape }) => shape.join()));
      assertThrows(() => encoder.eachView([]), TypeError, "there must be one, found none");
      return { loss: ops.reduceMean(ops.concat(z, { axis: 0 })), embeddings: z[0]! };
    }),
    { backbone: counting(rows), viewSizes: [8, 4, 8], batchSize: 2 },
  );
  assertEquals(rows, [4, 2]);
  assertEquals(shapes, ["2,2", "2,2", "2,2"]);
});

Deno.test("eachView() of what eachView() gave moves no rows in between", () => {
  const { loss } = graphOf(methodOf(({ network, head, views, ops }) => {
    const encoder = network({ projector: LAYERS });
    const predictor = head("predictor", LAYERS);
    const [p] = predictor.eachView(encoder.eachView(views)) as [Value];
    return { loss: ops.reduceMean(p), embeddings: p };
  }));
  const moves = nodesLeadingTo([loss], true).map(({ op }) => op.type).filter((type) =>
    ["Transpose", "Concat", "Slice"].includes(type)
  );
  // Views are interleaved on the way in, and taken apart on the way out.
  assertEquals(moves, ["Concat", "Transpose", "Transpose", "Slice"]);
});

Deno.test("perView() and eachView() apply a network once for each time that a view is given", () => {
  const graph = graphOf(methodOf(({ network, views: [view], ops }) => {
    const encoder = network({ projector: LAYERS });
    for (const apply of [encoder.perView, encoder.eachView]) {
      const given = apply([view!, view!]);
      assertEquals(new Set(given).size, 2);
    }
    const [z] = encoder.eachView([view!]);
    return { loss: ops.reduceMean(z!), embeddings: z! };
  }));
  assertEquals(graph.views.length, 2);
});

Deno.test("network() normalises batches in groups, where it is asked to", () => {
  const graph = (groups: number) =>
    graphOf(methodOf(({ network, views, ops }) => {
      const z = network({}, { batchNormGroups: groups })(views[0]!);
      return { loss: ops.reduceMean(z), embeddings: z };
    }));
  assertEquals([...graph(4).scope.declarations.keys()], [...graph(1).scope.declarations.keys()]);
  assertThrows(() => graph(3), RangeError, "3 groups must divide the batch");
  assertThrows(() => graph(16), RangeError, "16 groups must divide the batch");
});

/** A transformer whose patch embedding and positions stay as they are. */
const partlyFixed: Backbone = {
  name: "vit",
  width: 8,
  apply: (scope, images) =>
    visionTransformer(scope, images, { patch: 2, width: 8, depth: 1, heads: 2, variant: "mocov3" }),
};

Deno.test("a momentum encoder follows what is trained of a backbone, and keeps the rest as a copy", async () => {
  const graph = buildMethodGraph(
    methodOf(({ network, views, ops, losses }) => {
      const encoder = network({ projector: LAYERS });
      const z = encoder(views[0]!);
      const loss = losses.negativeCosineSimilarity(z, encoder.momentum(views[1]!));
      return { loss: ops.mul(loss, 2), embeddings: z };
    }),
    { backbone: partlyFixed, viewSizes: [6, 6], batchSize: 8 },
  );
  using step = await stepOf(graph);
  const before = snapshot(step.weights);
  writeViews(step, "views");
  await step.run({ learning_rate: 0.5, weight_decay: 0, average_rate: 0.25 });
  const after = snapshot(step.weights);
  const momentum = [...after.keys()].filter((name) => name.startsWith("momentum_encoder."));
  const changed = momentum.filter((name) =>
    after.get(name)!.data.some((value, i) => value !== before.get(name)!.data[i])
  );
  const fixed = momentum.filter((name) => /patch_embed|pos_embed/.test(name));
  assertEquals(fixed.length, 3);
  assertEquals(changed.filter((name) => fixed.includes(name)), []);
  assert(changed.some((name) => name.includes("blocks.0.attn.qkv.weight")));
  for (const name of fixed) {
    const online = name.replace("momentum_encoder.", "");
    assertEquals(after.get(name)!.data, after.get(online)!.data);
    assertEquals(initialWeights(graph, 0).get(name)!.data, after.get(online)!.data);
  }
});

Deno.test("a head stays as it is while it is frozen, and the backbone before it learns", async () => {
  const graph = graphOf(methodOf(({ network, head, views, ops, step }) => {
    const last = head("last", LAYERS, { frozen: ops.less(step, 1) });
    const z = last(network()(views[0]!));
    return { loss: ops.reduceMean(ops.mul(z, z)), embeddings: z };
  }));
  const own = [...graph.scope.declarations.values()].filter(({ name, kind }) =>
    kind === "trainable" && name.startsWith("last.")
  ).map(({ name }) => name);
  assertEquals([...graph.frozen.keys()].sort(), own.sort());
  using step = await stepOf(graph);
  const states = [snapshot(step.weights)];
  for (const at of [0, 1]) {
    writeViews(step, `frozen.${at}`);
    await step.run({ learning_rate: 0.1, weight_decay: 0.1, step: at });
    states.push(snapshot(step.weights));
  }
  const weight = (at: number, name: string) => states[at]!.get(name)!.data;
  for (const name of own.filter((name) => name.endsWith("weight"))) {
    assertEquals(weight(1, name), weight(0, name), name);
    assert(weight(2, name).some((value, i) => value !== weight(1, name)[i]), name);
  }
  const conv = "backbone.conv1.weight";
  assert(weight(1, conv).some((value, i) => value !== weight(0, conv)[i]));
});
