import { assertEquals, assertThrows } from "@std/assert";
import type { Value } from "../../../../../core/engine/graph/value.ts";
import type { MethodContext } from "../../../../../core/method/method.ts";
import {
  type AccumulatedGraph,
  buildAccumulatedGraph,
  microBatchSize,
} from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import { BATCH, methodOf, SIZE, smallBackbone } from "../../small_methods.ts";
import { perSampleBackbone } from "./small_accumulation.ts";
import { PER_SAMPLE, shuffledKeys, WIDTH } from "./small_couplings.ts";

/** The graph of a method whose predictor sees what a test makes of the projector's output. */
function graphOf(
  between: (z: Value, context: MethodContext) => Value,
  deviceBatchSize = 2,
): AccumulatedGraph {
  const method = methodOf((context) => {
    const { views, network, head, ops } = context;
    const z = network({ projector: PER_SAMPLE })(views[0]!);
    const p = head("predictor", PER_SAMPLE)(between(z, context));
    return { loss: ops.reduceMean(ops.mul(p, p)), embeddings: z };
  });
  return buildAccumulatedGraph(method, {
    backbone: perSampleBackbone,
    viewSizes: [SIZE, SIZE],
    batchSize: BATCH,
    deviceBatchSize,
  });
}

Deno.test("buildAccumulatedGraph() cuts where the loss takes over from networks, and nowhere else", () => {
  const { cuts, microBatches, declarations, views } = graphOf((z, { ops }) => ops.mul(z, 2));
  // The backbone's features lead to the projector alone.
  assertEquals(cuts.map(({ part }) => part), ["projector", "predictor"]);
  assertEquals(cuts[0]!.given.micro.shape, [2, WIDTH]);
  assertEquals(cuts[0]!.given.whole.shape, [BATCH, WIDTH]);
  assertEquals(microBatches, 4);
  assertEquals(views.length, 2);
  assertEquals(declarations.some(({ name }) => name === "predictor.fc1.weight"), true);
});

Deno.test("buildAccumulatedGraph() has shuffled views as inputs of their own", () => {
  const { views } = buildAccumulatedGraph(shuffledKeys(PER_SAMPLE), {
    backbone: perSampleBackbone,
    viewSizes: [SIZE, SIZE],
    batchSize: BATCH,
    deviceBatchSize: 4,
  });
  assertEquals(views.map(({ view, permutation }) => [view, permutation]), [
    [0, undefined],
    [1, undefined],
    [1, "shuffle"],
  ]);
});

Deno.test("buildAccumulatedGraph() refuses micro-batches that do not divide the batch", () => {
  for (const size of [3, 16, -1, 1.5]) {
    assertThrows(
      () => graphOf((z) => z, size),
      RangeError,
      `--device-batch-size must divide --batch-size ${BATCH}, found ${size}`,
    );
  }
});

Deno.test("microBatchSize() says of which part of the batch a process takes micro-batches", () => {
  assertEquals(microBatchSize({ batchSize: 16, deviceBatchSize: 4 }, 2), 4);
  assertEquals(microBatchSize({ batchSize: 16, deviceBatchSize: 8 }, 2), undefined);
  assertThrows(
    () => microBatchSize({ batchSize: 16, deviceBatchSize: 3 }, 2),
    RangeError,
    "--device-batch-size must divide the 8 samples that each of 2 processes takes of --batch-size 16, found 3",
  );
});

/** What a network may not be applied to, and why. */
const MIXED: Readonly<Record<string, [(z: Value, context: MethodContext) => Value, string]>> = {
  "a mean over the batch": [
    (z, { ops }) => ops.sub(z, ops.reduceMean(z, { axis: 0, keepDims: true })),
    "LeadingSum over samples",
  ],
  "similarities within the batch": [
    (z, { ops }) => ops.matMul(ops.matMul(z, z, { transposeB: true }), z),
    "FusedMatMul over samples",
  ],
  "a factor that depends on the batch size": [
    (z, { ops, batchSize }) => ops.div(z, batchSize),
    "a constant float32[] that depends on the batch size",
  ],
  "numbers of their own for each sample": [
    (z, { ops, constant, batchSize }) =>
      ops.mul(z, constant(Array.from({ length: batchSize }, (_, i) => i), [batchSize, 1])),
    "a constant float32[2,1] that depends on the batch size",
  ],
  "samples in another order": [
    (z, { permutation }) => permutation("order").shuffle(z),
    '"permutation.order", which is known for the whole batch alone',
  ],
  "weights of pairs": [
    (z, { ops, pairWeights, batchSize }) => ops.mul(z, ops.reshape(pairWeights, [batchSize, 1])),
    '"pair_weights.0.1", which is known for the whole batch alone',
  ],
  "the first half of the batch": [
    (z, { ops, batchSize }) => ops.slice(z, { starts: [0], ends: [batchSize / 2], axes: [0] }),
    "Slice over samples",
  ],
  "samples as coordinates": [
    (z, { ops, batchSize }) => ops.reshape(z, [batchSize / 2, 2 * WIDTH]),
    "Reshape over samples",
  ],
  "what the batch has made of a buffer": [
    (z, { ops, buffer, initializers }) => {
      const center = buffer("center", [WIDTH], initializers.constantInitializer(0));
      center.write(ops.reduceMean(z, { axis: 0 }));
      return ops.sub(z, center.read());
    },
    "LeadingSum over samples",
  ],
};

for (const [name, [between, reason]] of Object.entries(MIXED)) {
  Deno.test(`buildAccumulatedGraph() refuses a network that is applied to ${name}`, () => {
    assertThrows(
      () => graphOf(between),
      TypeError,
      `Cannot accumulate gradients: what "predictor" is applied to must be computed sample by sample from views and ` +
        `networks, found ${reason}; set --device-batch-size 0`,
    );
  });
}

/** The graph of any method. */
function graphOfMethod(build: Parameters<typeof methodOf>[0]): AccumulatedGraph {
  return buildAccumulatedGraph(methodOf(build), {
    backbone: smallBackbone,
    viewSizes: [SIZE, SIZE],
    batchSize: BATCH,
    deviceBatchSize: 2,
  });
}

Deno.test("buildAccumulatedGraph() refuses a loss that reads pixels", () => {
  assertThrows(
    () =>
      graphOfMethod(({ views, network, ops }) => {
        const z = network()(views[0]!);
        const color = ops.globalAveragePool(views[1]!);
        return { loss: ops.mul(ops.reduceMean(z), ops.reduceMean(color)), embeddings: z };
      }),
    TypeError,
    "its loss reads view 1 itself, counted from 0",
  );
});

Deno.test("buildAccumulatedGraph() refuses a method that applies other networks to other batches", () => {
  assertThrows(
    () =>
      graphOfMethod(({ views, network, head, batchSize, ops }) => {
        const z = network()(views[0]!);
        const p = batchSize > 2 ? head("predictor", PER_SAMPLE)(z) : z;
        return { loss: ops.reduceMean(p), embeddings: z };
      }),
    TypeError,
    "must apply the same networks in the same order whatever the batch size, found backbone for 2 samples",
  );
});

Deno.test("buildAccumulatedGraph() refuses groups of batch norm that do not divide a micro-batch", () => {
  assertThrows(
    () =>
      graphOfMethod(({ views, network, ops }) => {
        const z = network({}, { batchNormGroups: 4 })(views[0]!);
        return { loss: ops.reduceMean(z), embeddings: z };
      }),
    RangeError,
    "4 groups must divide the batch, found float32[2,",
  );
});

Deno.test("buildAccumulatedGraph() refuses a frozen network that samples decide about", () => {
  assertThrows(
    () =>
      graphOfMethod(({ views, network, head, ops }) => {
        const z = network()(views[0]!);
        const frozen = ops.less(ops.reduceMean(z), 0);
        const p = head("last", PER_SAMPLE, { frozen })(z);
        return { loss: ops.reduceMean(p), embeddings: z };
      }),
    TypeError,
    'whether "last.fc0.weight" is frozen must not depend on samples of the batch',
  );
});
