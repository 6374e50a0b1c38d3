import { assert } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import { withTarget } from "../../core/engine/graph/target.ts";
import { filled } from "../../core/engine/graph/tensor.ts";
import { input } from "../../core/engine/graph/value.ts";
import * as op from "../../core/engine/ops/mod.ts";
import { sgd } from "../../core/engine/optim/mod.ts";
import { BoundStep, buildStep } from "../../core/engine/step/mod.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

const MIB = 1 << 20;

/** Steps in which the provider's caches of buffers and of compiled kernels fill. */
const FIRST = 500;
const MORE = 2000;

/** Most that those further steps may leave: 16 KiB each would be twice as much. */
const MOST = 16 * MIB;

function resident(): number {
  v8.setFlagsFromString("--expose-gc");
  vm.runInNewContext("gc")();
  return Deno.memoryUsage().rss;
}

function smallStep(): Promise<BoundStep> {
  const [w, v] = [input("w", "float32", [32, 32]), input("v", "float32", [32, 4])];
  const x = input("x", "float32", [16, 32]);
  const y = op.matMul(op.relu(op.matMul(x, w)), v);
  const built = buildStep({
    loss: op.reduceMean(op.mul(y, y)),
    parameters: [w, v],
    state: [w, v],
    batch: [x],
    optimizer: sgd({ momentum: 0.9 }),
    weightDecay: false,
  });
  return BoundStep.create(built, { device: WEBGPU }, {
    state: new Map([
      ["w", filled("float32", [32, 32], 0.01)],
      ["v", filled("float32", [32, 4], 0.01)],
    ]),
  });
}

Deno.test({
  name: `${MORE} steps on WebGPU leave memory as it was${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    using step = await withTarget({ provider: "webgpu" }, smallStep);
    const batch = filled("float32", [16, 32], 0.5);
    const take = async (steps: number) => {
      for (let i = 0; i < steps; i++) {
        step.input("x", "float32").write(batch);
        await step.run({ learning_rate: 1e-4 });
      }
    };
    await take(FIRST);
    const before = resident();
    await take(MORE);
    const grown = resident() - before;
    assert(grown < MOST, `${MORE} steps took ${(grown / MIB).toFixed(1)} MiB`);
  },
});
