import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../core/backbones/backbone.ts";
import { float32, type Tensor } from "../../core/engine/graph/tensor.ts";
import { adamW, type Optimizer, sgd } from "../../core/engine/optim/mod.ts";
import { CPU, type Device } from "../../core/engine/ort/mod.ts";
import { deviceTuning } from "../../core/train/step/conv_autotune.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import {
  simsiamGraph,
  smallResNet,
  smallTransformer,
  takeSteps,
} from "../core/train/small_simsiam.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

const SIZE = 16;
const BATCH = 8;
const STEPS = 10;
const TOLERANCE = 1e-3;

const pooling: Backbone = { ...smallResNet, name: "a small ResNet with max pool" };

const transformer = smallTransformer("a small vision transformer", {
  ...{ patch: 4, depth: 2, layerScale: 0.1 },
});

/** Ten steps of SimSiam: the loss of each, and the weights after them. */
async function train(
  device: Device,
  backbone: Backbone,
  optimizer: Optimizer,
): Promise<{ readonly losses: readonly number[]; readonly weights: Map<string, Tensor> }> {
  const tuning = await deviceTuning({ device });
  const graph = simsiamGraph(tuning, backbone, { size: SIZE, batchSize: BATCH });
  using step = await TrainingStep.create(graph, { optimizer, device }, initialWeights(graph, 0));
  const losses = await takeSteps(step, STEPS, "webgpu");
  const weights = new Map([...step.weights].map(([name, value]) => [name, value.read()]));
  return { losses, weights };
}

function norm(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

for (
  const [backbone, optimizer] of [[pooling, sgd()], [transformer, adamW()]] as const
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
    const graph = simsiamGraph(tuning, pooling, { size: SIZE, batchSize: BATCH });
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
