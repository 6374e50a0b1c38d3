/** Training steps whose convolutions keep the blocked layout of this CPU, against steps that run on any device. */
import { assert } from "@std/assert";
import type { Backbone } from "../../../../../core/backbones/backbone.ts";
import { type GraphTarget, withTarget } from "../../../../../core/engine/graph/target.ts";
import type { Value } from "../../../../../core/engine/graph/value.ts";
import { batchNorm } from "../../../../../core/engine/nn/batch_norm.ts";
import { conv2d } from "../../../../../core/engine/nn/conv2d.ts";
import type { Scope } from "../../../../../core/engine/nn/scope.ts";
import { probeChannelBlock } from "../../../../../core/engine/ops/convolution/blocked_layout.ts";
import { add, globalAveragePool, maxPool, relu } from "../../../../../core/engine/ops/mod.ts";
import { sgd } from "../../../../../core/engine/optim/mod.ts";
import { buildMethodGraph } from "../../../../../core/train/step/method_graph.ts";
import { buildMethodStep } from "../../../../../core/train/step/method_step.ts";
import { runGraph } from "../../../../run_graph.ts";
import { CPU_ONLY } from "../../../../test_device.ts";
import { BATCH, methodOf } from "../../small_methods.ts";
import {
  accumulatedSteps,
  plainSteps,
  type SmallOutcome,
  type SmallRun,
} from "./small_accumulation.ts";

const SIZES = [24, 16, 24];

/** Whole blocks of every processor, but for the first stage's on those with blocks of 16. */
const WIDTHS = [24, 48] as const;

const TARGET: GraphTarget = {
  provider: "cpu",
  channelBlock: await probeChannelBlock((outputs) => runGraph(outputs, {})),
};

function normalized(scope: Scope, name: string, x: Value, channels: number, kernel = 3): Value {
  const options = { channels, kernel, padding: (kernel - 1) / 2 };
  return batchNorm(scope, `bn${name}`, conv2d(scope, `conv${name}`, x, options));
}

/** A stem with a pool, a block of two convolutions, and one between two products. */
const residualBackbone: Backbone = {
  name: "residual",
  width: WIDTHS[1],
  apply: (scope, images) => {
    const [narrow, wide] = WIDTHS;
    const stem = relu(normalized(scope, "1", images, narrow));
    const start = relu(
      normalized(scope, "2", maxPool(stem, { kernel: 3, strides: 2, pads: 1 }), wide),
    );
    const basic = normalized(scope, "4", relu(normalized(scope, "3", start, wide)), wide);
    const x = relu(add(basic, start));
    const inner = relu(normalized(scope, "6", relu(normalized(scope, "5", x, wide, 1)), wide));
    return globalAveragePool(relu(add(normalized(scope, "7", inner, wide, 1), x)));
  },
};

/** A method whose views go through its networks together, followed by a moving average. */
const method = methodOf(({ network, views, ops, losses }) => {
  const encoder = network({ projector: [{ width: 8, norm: "none", activation: "none" }] }, {
    batchNormGroups: 2,
  });
  const z = encoder.eachView(views);
  const targets = encoder.momentum.eachView(views);
  const pulls = z.map((value, i) =>
    losses.negativeCosineSimilarity(value, targets[(i + 1) % views.length]!)
  );
  return { loss: pulls.reduce((a, b) => ops.add(a, b)), embeddings: z[0]! };
});

const RUN: SmallRun = {
  ...{ method, backbone: residualBackbone, viewSizes: SIZES },
  scalars: {
    ...{ learning_rate: 0.02, weight_decay: 1e-3, average_rate: 0.2 },
    "scheduled.encoderMomentum": 0.9,
  },
};

function assertFollows(found: SmallOutcome, expected: SmallOutcome): void {
  for (const [at, { loss }] of expected.results.entries()) {
    const { loss: own } = found.results[at]!;
    assert(Math.abs(own - loss) < 1e-4, `loss of step ${at}: ${own} instead of ${loss}`);
  }
  for (const [name, { data }] of expected.weights) {
    const own = found.weights.get(name)!.data;
    const difference = Math.max(
      ...Array.from(
        data as ArrayLike<number>,
        (value, i) => Math.abs(Number(value) - Number(own[i])),
      ),
    );
    assert(difference < 1e-3, `${name} differs by ${difference}`);
  }
}

Deno.test("a step for this CPU has blocked kernels, where it has any", () => {
  const options = { backbone: residualBackbone, viewSizes: SIZES, batchSize: BATCH };
  const graph = withTarget(TARGET, () => buildMethodGraph(method, options));
  const { built } = buildMethodStep(graph, { optimizer: sgd() });
  const text = new TextDecoder("latin1").decode(built.gradients);
  assert((TARGET.channelBlock === 1) !== text.includes("ReorderInput"));
});

for (
  const [name, take] of [
    ["of a whole batch", (): Promise<SmallOutcome> => plainSteps(RUN, 3)],
    ["by micro-batches", (): Promise<SmallOutcome> => accumulatedSteps(RUN, 4, 3)],
  ] as const
) {
  Deno.test({
    name: `steps ${name} for this CPU are those for any device`,
    ignore: CPU_ONLY.ignore,
    fn: async () => assertFollows(await withTarget(TARGET, take), await take()),
  });
}
