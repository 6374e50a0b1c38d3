import { assertEquals } from "@std/assert";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { resolveConfiguration } from "../../../core/method/mod.ts";
import { parseManifest } from "../../../core/method/manifest.ts";
import type { DryRun } from "../../../core/train/mod.ts";
import simsiam from "../../../plugins/simsiam/manifest.json" with { type: "json" };
import { dryRunText } from "../../../tasks/cli/dry_run_text.ts";

const MEMORY = {
  ...{ state: 4e6, slots: 2e6, gradients: 2e6, activations: 5e8, batches: 1e6, pairEncoder: 0 },
  ...{ process: 3e8, total: 809e6 },
};

const RUN: DryRun = {
  method: parseManifest(simsiam, "simsiam"),
  configuration: resolveConfiguration({ epochs: 1, batchSize: 64, deviceBatchSize: 16 }),
  device: CPU,
  precision: "float32",
  data: { name: "photos", length: 1_281_167 },
  parameters: { trained: 1_000_000, fixed: 10, momentum: 500_000 },
  models: { forward: { nodes: 1200, bytes: 3400 }, update: { nodes: 1, bytes: 99 } },
  viewSizes: [224, 224, 96],
  stepsPerEpoch: 20_018,
  totalSteps: 20_018,
  microBatches: 4,
  learningRate: { start: 1e-5, peak: 0.0125, end: 1.23456e-7 },
  memory: MEMORY,
  warnings: ["Nothing reads the schedule"],
};

Deno.test("dryRunText() says what a run would be, line by line", () => {
  assertEquals(
    dryRunText(RUN),
    [
      "method         SimSiam on resnet18",
      "data           photos, 1,281,167 images",
      "parameters     1,000,000 trained, 500,000 in the momentum encoder, 10 fixed; 1,500,010 in all",
      "views          2 of 224 px, 1 of 96 px",
      "step           64 samples in 4 micro-batches of 16, within each of which batch norm normalises",
      "length         1 epoch of 20,018 steps, 20,018 steps in all",
      "learning rate  0.00001 at the start, at most 0.0125, 1.235e-7 at the end (sgd)",
      "models         forward 1,200 nodes, 3.40 kB; update 1 node, 99 B",
      "memory         about 809 MB at most, estimated for the CPU",
      "               4.00 MB parameters and buffers",
      "               2.00 MB state of the optimizer",
      "               2.00 MB gradients",
      "               500 MB intermediate values",
      "               1.00 MB batches",
      "               300 MB process, code, models and the list of images",
      "warning        Nothing reads the schedule",
    ].join("\n"),
  );
});

Deno.test("dryRunText() leaves out what there is not, and says what a device has", () => {
  const text = dryRunText({
    ...RUN,
    device: { provider: "cuda", index: 0 },
    precision: "float16",
    parameters: { trained: 7, fixed: 0, momentum: 0 },
    microBatches: 1,
    warnings: [],
  });
  const lines = text.split("\n");
  assertEquals(lines[2], "parameters     7 trained");
  assertEquals(lines[4], "step           64 samples");
  assertEquals(lines[8], "precision      float16, weights and sums in float32");
  assertEquals(lines.at(-1)!.includes("take its own memory, and its libraries some more"), true);
});

Deno.test("dryRunText() says who would compute what, and what each sends", () => {
  const traffic = { gradients: 4e6, gradientsSent: 4e6, collectives: 3, collectivesSent: 2000 };
  const places = ["cuda:0", "cpu"].map((device, i) => ({ host: "node", device, threads: 4 * i }));
  const run = (microBatches: number, syncBatchNorm: boolean) => {
    const configuration = { ...RUN.configuration, syncBatchNorm };
    const ranks = { places, samples: 32, traffic };
    return dryRunText({ ...RUN, configuration, microBatches, ranks }).split("\n");
  };
  const lines = run(2, false);
  for (
    const line of [
      "step           64 samples in 2 processes with 32 each, in 2 micro-batches of 16 on each, within each of which batch norm normalises",
      "processes      rank 0 on node, cuda:0",
      "               rank 1 on node, cpu, 4 threads",
      "each sends     4.00 MB a step at the least for 4.00 MB of gradients, and 2.00 kB in 3 collectives within it",
      "memory         about 809 MB at most for each process, estimated for the CPU",
    ]
  ) assertEquals(lines.filter((each) => each === line).length, 1, `${line}\n${lines.join("\n")}`);
  assertEquals(
    [run(2, true), run(1, true)].map((text) => text[4]!.slice(15)),
    [
      "64 samples in 2 processes with 32 each, in 2 micro-batches of 16 on each, within each of which batch norm normalises over all processes",
      "64 samples in 2 processes with 32 each, over all of which batch norm normalises",
    ],
  );
});
