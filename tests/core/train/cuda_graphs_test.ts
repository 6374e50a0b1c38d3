/**
 * Steps whose graphs are written for CUDA, run by the CPU: the formulations that CUDA has of its own are in all of them.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { resNet } from "../../../core/backbones/resnet.ts";
import { visionTransformer } from "../../../core/backbones/vision_transformer.ts";
import { type Provider, withTarget } from "../../../core/engine/graph/target.ts";
import { adamW, type Optimizer, pieceLengthFor, sgd } from "../../../core/engine/optim/mod.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { checkMethod } from "../../../core/method/load.ts";
import { buildMethodGraph } from "../../../core/train/step/method_graph.ts";
import { initialWeights } from "../../../core/train/step/method_step.ts";
import { TrainingStep } from "../../../core/train/step/training_step.ts";
import simsiam from "../../../plugins/simsiam/mod.ts";
import { writeViews } from "./small_methods.ts";

const SIZE = 16;
const STEPS = 5;
const TOLERANCE = 1e-4;

const smallResNet: Backbone = {
  name: "a small ResNet",
  width: 32,
  apply: (scope, images) =>
    resNet(scope, images, { block: "basic", depths: [1, 1], channels: [16, 32] }).features,
};

const smallTransformer: Backbone = {
  name: "a small vision transformer",
  width: 32,
  apply: (scope, images) =>
    visionTransformer(scope, images, { patch: 4, width: 32, depth: 2, heads: 2 }),
};

/** The losses of some steps, and what each weight adds up to in the end. */
async function train(provider: Provider, backbone: Backbone, optimizer: Optimizer) {
  const graph = withTarget({ provider }, () =>
    buildMethodGraph(checkMethod(simsiam, "simsiam"), {
      backbone,
      viewSizes: [SIZE, SIZE],
      batchSize: 8,
      options: { projectorWidth: 16, projectorLayers: 2, predictorWidth: 8 },
    }));
  const pieceLength = pieceLengthFor(provider);
  const options = { optimizer, device: CPU, threads: 1, pieceLength };
  using step = await TrainingStep.create(graph, options, initialWeights(graph, 0));
  const scalars = Object.fromEntries(
    step.scalars.map((name) => [name, name === "learning_rate" ? 1e-3 : 1e-4]),
  );
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    writeViews(step, `cuda ${i}`);
    losses.push((await step.run(scalars)).loss);
  }
  const sums = [...step.weights].map(([name, value]) => {
    const numbers = Array.from(value.read().data, Number);
    return [name, numbers.reduce((sum, number) => sum + number) / numbers.length] as const;
  });
  return { losses, sums };
}

for (
  const [backbone, optimizer] of [[smallResNet, sgd()], [smallTransformer, adamW()]] as const
) {
  Deno.test(`steps of ${backbone.name}, written for CUDA, are those for the CPU`, async () => {
    const expected = await train("cpu", backbone, optimizer);
    const found = await train("cuda", backbone, optimizer);
    const near = (what: string, a: number, b: number) =>
      assert(Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b)), `${what}: ${a}, not ${b}`);
    found.losses.forEach((loss, i) => near(`loss ${i}`, loss, expected.losses[i]!));
    found.sums.forEach(([name, sum], i) => near(name, sum, expected.sums[i]![1]));
  });
}
