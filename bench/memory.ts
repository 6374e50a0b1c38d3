/**
 * `deno task bench memory`: the peak memory that `train --dry-run` estimates, against that of real runs.
 *
 * @module
 */
import { measurePeak, type MemoryCase } from "./peak_memory.ts";

const CASES: readonly MemoryCase[] = [
  { method: "simsiam", preset: "cifar", configuration: { batchSize: 64 } },
  { method: "simsiam", preset: "cifar", configuration: { batchSize: 256 } },
  { method: "simsiam", preset: "cifar", configuration: { batchSize: 256, deviceBatchSize: 64 } },
  { method: "simsiam", preset: "imagenet", configuration: { imageSize: 64, batchSize: 16 } },
  { method: "moco-v2", preset: "imagenet", configuration: { imageSize: 64, batchSize: 32 } },
  {
    method: "swav",
    preset: "imagenet",
    configuration: { imageSize: 64, batchSize: 16, options: { queueLength: 256 } },
  },
  { method: "moco-v3", preset: "imagenet-vit", configuration: { imageSize: 64, batchSize: 16 } },
  { method: "moco-v3", preset: "imagenet-vit", configuration: { batchSize: 4 } },
  { method: "dino", preset: "cifar", configuration: { batchSize: 32 } },
];

const only = Deno.args.find((arg) => !arg.startsWith("--"));
if (Deno.args.includes("--help")) {
  console.log(
    "Usage: deno task bench memory [METHOD]\n\nTakes two steps of each case in a process of its own, on Linux, and compares " +
      "its peak resident memory with the estimate.",
  );
} else {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0).padStart(7);
  console.log("estimated measured   MB   ratio");
  for (const given of CASES) {
    if (only !== undefined && given.method !== only) continue;
    const { estimated: { total }, measured } = await measurePeak(given);
    console.log(
      `${megabytes(total)}   ${megabytes(measured)}        ${(total / measured).toFixed(2)}   ` +
        `${given.method} ${given.preset} ${JSON.stringify(given.configuration)}`,
    );
  }
}
