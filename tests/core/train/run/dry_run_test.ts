import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { bundledConfigurations } from "../../../../configs/mod.ts";
import { dryRun } from "../../../../core/train/run/dry_run.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";

const KNOWN = { methods: bundledMethods, configurations: bundledConfigurations };
const IMAGENET = 1_281_167;

Deno.test("dryRun() says what an experiment of GenView is, without its data", async () => {
  const config = "mocov3_resnet50_8xb512-amp-coslr-100e_in1k_singleview_clipmask";
  const run = await dryRun({ config, images: IMAGENET }, KNOWN);
  const { trained, fixed, momentum } = run.parameters;
  assertEquals([trained + fixed + momentum, trained - momentum, fixed], [68_012_160, 2_105_344, 0]);
  assertEquals([run.stepsPerEpoch, run.totalSteps, run.microBatches], [312, 31_200, 64]);
  assertEquals(Object.keys(run.models), ["forward", "loss", "backward", "update"]);
  const { start, peak, end } = run.learningRate;
  assertEquals([start.toPrecision(3), peak, end < 1e-6], ["0.000960", 9.6, true]);
  // Three batches of bytes, a micro-batch of floats, and what networks give of the whole batch.
  const pixels = 2 * 3 * 224 * 224;
  const rest = run.memory.batches - 3 * 4096 * pixels - 64 * pixels * 4;
  assertEquals(rest > 0 && rest < 0.05 * run.memory.batches, true, `found ${rest} more`);
  assertEquals(Math.round(run.memory.pairEncoder / 1e6), 350);
  const { total, ...parts } = run.memory;
  assertEquals(total, Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
  assertEquals(run.warnings, []);
});

Deno.test("dryRun() takes more memory for larger batches, and less by micro-batches", async () => {
  const total = async (configuration: Record<string, number>) =>
    (await dryRun({ preset: "cifar", images: 4096, configuration }, KNOWN)).memory.activations;
  const [small, large, divided] = await Promise.all([
    total({ batchSize: 32 }),
    total({ batchSize: 128 }),
    total({ batchSize: 128, deviceBatchSize: 32 }),
  ]);
  assertEquals(large / small > 3.2 && large / small < 4.4, true, `${large} of ${small}`);
  assertEquals(divided < 1.3 * small, true);
});

Deno.test("dryRun() counts the micro-batches of a batch: one where the device could take more", async () => {
  const microBatches = async (deviceBatchSize: number) => {
    const configuration = { batchSize: 32, deviceBatchSize };
    return (await dryRun({ preset: "cifar", images: 64, configuration }, KNOWN)).microBatches;
  };
  assertEquals(await Promise.all([0, 8, 32, 64].map(microBatches)), [1, 4, 1, 1]);
});

Deno.test("dryRun() lowers a preset's batch to the data, as a run does, and says so", async () => {
  const { configuration, warnings, stepsPerEpoch } = await dryRun(
    { preset: "demo", images: 20, configuration: { warmupEpochs: 0 } },
    KNOWN,
  );
  assertEquals([configuration.batchSize, stepsPerEpoch, warnings.length], [8, 2, 1]);
  assertStringIncludes(warnings[0]!, "the preset's batch of 64 images is larger than the data set");
});

Deno.test("dryRun() refuses what training refuses", async () => {
  await assertRejects(
    () => dryRun({ images: 10, configuration: { batchSize: 16 } }, KNOWN),
    RangeError,
    "it must have at least as many samples as a batch (--batch-size 16), found 10",
  );
  await assertRejects(
    () => dryRun({ method: "byol", config: "simsiam_resnet50_8xb32-coslr-200e_in1k" }, KNOWN),
    TypeError,
    "--method must be that of --config simsiam_resnet50_8xb32-coslr-200e_in1k, which is simsiam, found byol",
  );
});
