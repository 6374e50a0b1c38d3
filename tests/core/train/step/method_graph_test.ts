import { assert, assertEquals, assertThrows } from "@std/assert";
import { backbone } from "../../../../core/backbones/registry.ts";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import { checkMethod } from "../../../../core/method/load.ts";
import { buildMethodGraph, type MethodGraph } from "../../../../core/train/step/method_graph.ts";
import { followedBy } from "../../../../core/train/step/momentum_encoder.ts";
import { initialWeights } from "../../../../core/train/step/method_step.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";
import { momentumContrast } from "../momentum_contrast.ts";
import { BATCH, graphOf, methodOf, SIZE, smallBackbone } from "../small_methods.ts";

function namesOf({ scope }: MethodGraph, kind: string): string[] {
  return [...scope.declarations.values()].filter((found) => found.kind === kind)
    .map(({ name }) => name);
}

Deno.test("buildMethodGraph() trains the online networks and keeps the momentum encoder's fixed", () => {
  const graph = graphOf(momentumContrast);
  const encoder = [
    "backbone.conv1.weight",
    "backbone.bn1.weight",
    "backbone.bn1.bias",
    "projector.fc0.weight",
  ];
  assertEquals(namesOf(graph, "trainable").sort(), [...encoder, "prototypes"].sort());
  assertEquals(namesOf(graph, "fixed").map((name) => followedBy(name)).sort(), encoder.sort());
  const statistics = ["running_mean", "running_var", "num_batches_tracked"];
  assertEquals(
    namesOf(graph, "buffer").sort(),
    [
      ...statistics.map((name) => `backbone.bn1.${name}`),
      ...statistics.map((name) => `momentum_encoder.backbone.bn1.${name}`),
      "queue",
    ].sort(),
  );
  assertEquals([...graph.scheduled.keys()], ["temperature"]);
  assertEquals([...graph.constraints.keys()], ["prototypes"]);
});

Deno.test("buildMethodGraph() gives SimSiam on ResNet-50 the 38,199,360 parameters of mmpretrain", () => {
  const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
    backbone: backbone("resnet50"),
    viewSizes: [224, 224],
    batchSize: 2,
  });
  const trained = [...graph.scope.declarations.values()].filter(({ kind }) => kind === "trainable");
  const total = trained.reduce((sum, { value }) => sum + elementCount(value.shape), 0);
  assertEquals(total, 38_199_360);
  assertEquals(namesOf(graph, "fixed"), []);
});

Deno.test("buildMethodGraph() fills in the options' defaults and refuses what is wrong, all at once", () => {
  const build = (options: Readonly<Record<string, unknown>>) =>
    buildMethodGraph(checkMethod(simsiam, "simsiam"), {
      backbone: smallBackbone,
      viewSizes: [SIZE, SIZE],
      batchSize: BATCH,
      options,
    });
  assertEquals(build({ projectorWidth: 12 }).options, {
    projectorWidth: 12,
    projectorLayers: 3,
    predictorWidth: 512,
  });
  assertThrows(
    () => build({ projectorWith: 12, predictorWidth: 0 }),
    TypeError,
    'options.projectorWith is not known: did you mean "projectorWidth"?; options.predictorWidth must be >= 1, found 0',
  );
});

Deno.test("buildMethodGraph() hands views, batch size and options to the method", () => {
  const seen: unknown[] = [];
  const method = methodOf(({ views, batchSize, options, pairWeights, encoder, ops }) => {
    seen.push(views.map(({ shape }) => shape), batchSize, options, pairWeights.shape);
    const online = encoder("online");
    const embeddings = online.backbone(views[0]!);
    seen.push(online.width, embeddings.shape);
    return { loss: ops.reduceMean(embeddings), embeddings };
  }, { temperature: { type: "number", default: 0.2, description: "of the softmax" } });
  graphOf(method);
  assertEquals(seen, [
    [[BATCH, 3, SIZE, SIZE], [BATCH, 3, SIZE, SIZE]],
    BATCH,
    { temperature: 0.2 },
    [BATCH],
    10,
    [BATCH, 10],
  ]);
});

Deno.test("buildMethodGraph() gives a name its one network, parameter, scalar and buffer however often it is asked", () => {
  const graph = graphOf(methodOf((context) => {
    const { views, encoder, ops, initializers } = context;
    const [once, again] = [encoder("online"), encoder("online")];
    const shape = [3] as const;
    const ones = initializers.constantInitializer(1);
    assert(once.parameter("scale", shape, ones) === again.parameter("scale", shape, ones));
    assert(context.scheduled("temperature") === context.scheduled("temperature"));
    const buffer = context.buffer("count", [], ones);
    buffer.write(ops.add(buffer.read(), 1));
    const read = context.buffer("count", [], ones).read();
    assert(read === buffer.read(), "a buffer reads what was last written");
    const embeddings = once.backbone(views[0]!);
    const same = again.backbone(views[1]!);
    return { loss: ops.reduceMean(ops.add(embeddings, same)), embeddings };
  }));
  assertEquals(namesOf(graph, "trainable").filter((name) => name.startsWith("backbone")).length, 3);
});

Deno.test("buildMethodGraph() asks for a scalar loss and a matrix of embeddings", () => {
  assertThrows(
    () =>
      graphOf(methodOf(({ views, encoder }) => {
        const embeddings = encoder("online").backbone(views[0]!);
        return { loss: embeddings, embeddings };
      })),
    TypeError,
    'Cannot build method "small": its loss must be a scalar, found float32[8,10]',
  );
  assertThrows(
    () =>
      graphOf(methodOf(({ views, encoder, ops }) => {
        const loss = ops.reduceMean(encoder("online").backbone(views[0]!));
        return { loss, embeddings: loss };
      })),
    TypeError,
    'Cannot build method "small": its embeddings must be [N,D], found float32[]',
  );
});

Deno.test("buildMethodGraph() constrains nothing but trained parameters", () => {
  const constraining = (role: "online" | "momentum") =>
    methodOf(({ views, encoder, constrain, initializers, ops }) => {
      const weight = encoder(role).parameter("weight", [3], initializers.normalInitializer(1));
      constrain(weight, (updated) => updated);
      const embeddings = encoder("online").backbone(views[0]!);
      return { loss: ops.reduceMean(embeddings), embeddings };
    });
  assertEquals([...graphOf(constraining("online")).constraints.keys()], ["weight"]);
  assertThrows(() => graphOf(constraining("momentum")), TypeError, "not a trained parameter");
});

Deno.test("initialWeights() starts the momentum encoder as the online encoder's copy", () => {
  const weights = initialWeights(graphOf(momentumContrast), 3);
  let compared = 0;
  for (const [name, value] of weights) {
    const source = followedBy(name);
    if (source === undefined) continue;
    assertEquals(value, weights.get(source), name);
    compared++;
  }
  assertEquals(compared, 7);
  const other = initialWeights(graphOf(momentumContrast), 4);
  assert(other.get("prototypes")!.data[0] !== weights.get("prototypes")!.data[0]);
});
