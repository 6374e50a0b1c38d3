/**
 * Steps whose graphs are written for CUDA, run by the CPU: the formulations that CUDA has of its own are in all of them.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import type { Provider } from "../../../core/engine/graph/target.ts";
import { adamW, type Optimizer, pieceLengthFor, sgd } from "../../../core/engine/optim/mod.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { initialWeights } from "../../../core/train/step/method_step.ts";
import { TrainingStep } from "../../../core/train/step/training_step.ts";
import { simsiamGraph, smallResNet, smallTransformer, takeSteps } from "./small_simsiam.ts";

const SIZE = 16;
const STEPS = 5;
const TOLERANCE = 1e-4;

const transformer = smallTransformer("a small vision transformer", { patch: 4, depth: 2 });

/** The losses of some steps, and what each weight adds up to in the end. */
async function train(provider: Provider, backbone: Backbone, optimizer: Optimizer) {
  const graph = simsiamGraph({ provider }, backbone, { size: SIZE, batchSize: 8 });
  const pieceLength = pieceLengthFor(provider);
  const options = { optimizer, device: CPU, threads: 1, pieceLength };
  using step = await TrainingStep.create(graph, options, initialWeights(graph, 0));
  const losses = await takeSteps(step, STEPS, "cuda");
  const sums = [...step.weights].map(([name, value]) => {
    const numbers = Array.from(value.read().data, Number);
    return [name, numbers.reduce((sum, number) => sum + number) / numbers.length] as const;
  });
  return { losses, sums };
}

for (
  const [backbone, optimizer] of [[smallResNet, sgd()], [transformer, adamW()]] as const
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
