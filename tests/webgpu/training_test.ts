import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../core/backbones/backbone.ts";
import { resNet } from "../../core/backbones/resnet.ts";
import { visionTransformer } from "../../core/backbones/vision_transformer.ts";
import { float32, type Tensor } from "../../core/engine/graph/tensor.ts";
import { withTarget } from "../../core/engine/graph/target.ts";
import { adamW, type Optimizer, sgd } from "../../core/engine/optim/mod.ts";
import { CPU, type Device } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { deviceTuning } from "../../core/train/step/conv_autotune.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import simsiam from "../../plugins/simsiam/mod.ts";
import { writeViews } from "../core/train/small_methods.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

const SIZE = 16;
const BATCH = 8;
const STEPS = 10;
const TOLERANCE = 1e-3;

/** With the stem of ImageNet, which pools maxima. */
const smallResNet: Backbone = {
  name: "a small ResNet with max pool",
  width: 32,
  apply: (scope, images) =>
    resNet(scope, images, { block: "basic", depths: [1, 1], channels: [16, 32] }).features,
};

const smallTransformer: Backbone = {
  name: "a small vision transformer",
  width: 32,
  apply: (scope, images) =>
    visionTransformer(scope, images, { patch: 4, width: 32, depth: 2, heads: 2, layerScale: 0.1 }),
};

/** Ten steps of SimSiam: the loss of each, and the weights after them. */
async function train(
  device: Device,
  backbone: Backbone,
  optimizer: Optimizer,
): Promise<{ readonly losses: readonly number[]; readonly weights: Map<string, Tensor> }> {
  const tuning = await deviceTuning({ device });
  const graph = withTarget(tuning, () =>
    buildMethodGraph(checkMethod(simsiam, "simsiam"), {
      backbone,
      viewSizes: [SIZE, SIZE],
      batchSize: BATCH,
      options: { projectorWidth: 16, projectorLayers: 2, predictorWidth: 8 },
    }));
  using step = await TrainingStep.create(graph, { optimizer, device }, initialWeights(graph, 0));
  const scalars = Object.fromEntries(
    step.scalars.map((name) => [name, name === "learning_rate" ? 1e-3 : 1e-4]),
  );
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    writeViews(step, `webgpu ${i}`);
    losses.push((await step.run(scalars)).loss);
  }
  const weights = new Map([...step.weights].map(([name, value]) => [name, value.read()]));
  return { losses, weights };
}

function norm(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

for (
  const [backbone, optimizer] of [[smallResNet, sgd()], [smallTransformer, adamW()]] as const
) {
  Deno.test({
    name:
      `ten steps of SimSiam with ${backbone.name} on WebGPU follow the CPU${WITHOUT_WEBGPU.why}`,
    ignore: WITHOUT_WEBGPU.ignore,
    async fn() {
      const cpu = await train(CPU, backbone, optimizer);
      const gpu = await train(WEBGPU, backbone, optimizer);
      for (const [i, loss] of cpu.losses.entries()) {
        const off = Math.abs(gpu.losses[i]! - loss);
        assert(off <= TOLERANCE, `step ${i + 1}: the loss is ${gpu.losses[i]}, not ${loss}`);
      }
      for (const [name, { data }] of cpu.weights) {
        const found = gpu.weights.get(name)!;
        if (found.dtype === "int64") {
          assertEquals(found.data, data, name);
          continue;
        }
        const expected = Array.from(data as Float32Array);
        const off = norm(expected.map((value, i) => Number(found.data[i]) - value));
        assert(off <= TOLERANCE * Math.max(norm(expected), 1), `${name} is off by ${off}`);
      }
    },
  });
}

Deno.test({
  name: `a step on WebGPU whose loss is NaN changes nothing${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    const tuning = await deviceTuning({ device: WEBGPU });
    const graph = withTarget(tuning, () =>
      buildMethodGraph(checkMethod(simsiam, "simsiam"), {
        backbone: smallResNet,
        viewSizes: [SIZE, SIZE],
        batchSize: BATCH,
        options: { projectorWidth: 16, projectorLayers: 2, predictorWidth: 8 },
      }));
    const options = { optimizer: sgd(), device: WEBGPU };
    const initial = initialWeights(graph, 0);
    using step = await TrainingStep.create(graph, options, initial);
    for (const view of step.views) {
      const { shape } = view.type;
      view.write(float32(shape, new Float32Array(BATCH * 3 * SIZE * SIZE).fill(NaN)));
    }
    const scalars = Object.fromEntries(step.scalars.map((name) => [name, 1e-2]));
    const { loss } = await step.run(scalars);
    assert(!Number.isFinite(loss), `found the loss ${loss}`);
    for (const [name, value] of step.weights) assertEquals(value.read(), initial.get(name), name);
  },
});
