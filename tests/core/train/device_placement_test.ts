import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import type { ConvTuning } from "../../../core/engine/ops/convolution/tuning.ts";
import { adamW, type Optimizer, sgd } from "../../../core/engine/optim/mod.ts";
import {
  checkDevice,
  CPU,
  type Device,
  formatDevice,
  OrtError,
} from "../../../core/engine/ort/mod.ts";
import { deviceTuning } from "../../../core/train/step/conv_autotune.ts";
import { initialWeights } from "../../../core/train/step/method_step.ts";
import { TrainingStep } from "../../../core/train/step/training_step.ts";
import { strayNodes, tracedNodes } from "../engine/ort/execution_trace.ts";
import { writeViews } from "./small_methods.ts";
import { simsiamGraph, smallResNet, smallTransformer } from "./small_simsiam.ts";
import { leftOut } from "../../left_out.ts";

const CUDA: Device = { provider: "cuda", index: 0 };
const SIZE = 32;
const BATCH = 4;

const transformer = smallTransformer("a block of a vision transformer", {
  ...{ patch: 8, depth: 1, layerScale: 0.1 },
});

/** Compiles SimSiam's step. */
function stepOn(
  device: Device,
  backbone: Backbone,
  { tuning, ...options }: {
    tuning: ConvTuning;
    optimizer: Optimizer;
    profile?: string;
    cudaGraphs?: boolean;
  },
): Promise<TrainingStep> {
  const graph = simsiamGraph(tuning, backbone, { size: SIZE, batchSize: BATCH });
  return TrainingStep.create(graph, { ...options, device }, initialWeights(graph, 0));
}

for (const device of [CPU, CUDA]) {
  const check = checkDevice(device);
  const where = formatDevice(device);
  const ignore = !check.usable;
  const why = leftOut(check);
  const provider = device === CPU ? "CPUExecutionProvider" : "CUDAExecutionProvider";

  for (
    const [backbone, optimizer] of [[smallResNet, sgd()], [transformer, adamW()]] as const
  ) {
    Deno.test({
      name: `TrainingStep of ${backbone.name} runs every node of both graphs on ${where}${why}`,
      ignore,
      async fn() {
        const folder = await Deno.makeTempDir();
        try {
          const tuning = await deviceTuning({ device });
          const profile = join(folder, "trace");
          using step = await stepOn(device, backbone, { tuning, optimizer, profile });
          writeViews(step, "placement");
          const scalars = Object.fromEntries(step.scalars.map((name) => [name, 1e-3]));
          const { loss } = await step.run(scalars);
          assert(Number.isFinite(loss), `found the loss ${loss}`);
          const traces = step.endProfiling();
          assertEquals(traces.length, 2);
          for (const path of traces) {
            const nodes = tracedNodes(await Deno.readTextFile(path));
            assert(nodes.length > 10, `found ${nodes.length} nodes`);
            assertEquals(strayNodes(nodes, provider), [], path);
          }
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      },
    });
  }
}

const cuda = checkDevice(CUDA);

/** Why tests on CUDA are left out. */
const WITHOUT_CUDA = leftOut(cuda);

Deno.test({
  name: `TrainingStep on ${
    formatDevice(CUDA)
  } refuses kernels that only the CPU has${WITHOUT_CUDA}`,
  ignore: !cuda.usable,
  async fn() {
    const tuning = { channelBlock: 8 };
    const optimizer = sgd();
    await assertRejects(
      () => stepOn(CUDA, smallResNet, { tuning, optimizer }),
      OrtError,
      "assigned to the default CPU EP",
    );
  },
});

Deno.test({
  name: `TrainingStep takes the same steps with the gradients in a CUDA graph${WITHOUT_CUDA}`,
  ignore: !cuda.usable,
  async fn() {
    const device: Device = { ...CUDA, options: { use_tf32: "0" } };
    const losses = async (cudaGraphs: boolean) => {
      const tuning = await deviceTuning({ device });
      using step = await stepOn(device, smallResNet, { tuning, optimizer: sgd(), cudaGraphs });
      const scalars = Object.fromEntries(step.scalars.map((name) => [name, 1e-2]));
      const found: number[] = [];
      for (let i = 0; i < 4; i++) {
        writeViews(step, `views ${i}`);
        found.push((await step.run(scalars)).loss);
      }
      return found;
    };
    const [captured, plain] = [await losses(true), await losses(false)];
    for (const [i, loss] of captured.entries()) assertAlmostEquals(loss, plain[i]!, 1e-4);
  },
});
