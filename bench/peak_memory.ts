/**
 * The peak memory of a real run, in a process of its own, beside what was estimated.
 *
 * Run by itself it is that process: it trains what its argument says and prints the peak resident memory in bytes.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { sharp } from "../core/deps/sharp.ts";
import type { PartialConfiguration } from "../core/method/mod.ts";
import { dryRun, pretrain, type RunMemory } from "../core/train/mod.ts";
import { bundledMethods } from "../plugins/mod.ts";

/** What is run. */
export interface MemoryCase {
  readonly method: string;
  readonly preset: string;
  readonly configuration: PartialConfiguration & { readonly batchSize: number };
}

/** A run's memory as estimated and as measured, in bytes. */
export interface MeasuredMemory {
  readonly estimated: RunMemory;
  readonly measured: number;
}

const STEPS = 2;

/** What is the same in all cases: two steps, and nothing beside them. */
function whole({ method, preset, configuration }: MemoryCase, data: string) {
  return {
    method,
    preset,
    configuration: {
      ...{ data, evaluationData: "", evaluateEvery: 0, epochs: 1, warmupEpochs: 0 },
      ...{ device: "cpu", threads: 2 },
      ...configuration,
    },
  };
}

/** Writes pictures for some steps to a folder. */
async function drawPictures(folder: string, count: number): Promise<void> {
  const [width, height] = [400, 300];
  for (let i = 0; i < count; i++) {
    const background = { r: (37 * i) % 256, g: (91 * i) % 256, b: (151 * i) % 256 };
    await sharp({ create: { width, height, channels: 3, background } }).jpeg()
      .toFile(`${folder}/${i}.jpg`);
  }
}

/**
 * Runs two steps of a case in a process of its own; its peak resident memory, beside what is estimated of it.
 *
 * @throws {Error} if the run fails
 */
export async function measurePeak(given: MemoryCase): Promise<MeasuredMemory> {
  const folder = await Deno.makeTempDir();
  try {
    const count = STEPS * given.configuration.batchSize;
    await Deno.mkdir(`${folder}/images`);
    await drawPictures(`${folder}/images`, count);
    const run = whole(given, `${folder}/images`);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        fileURLToPath(import.meta.url),
        JSON.stringify({ ...run, output: `${folder}/run` }),
      ],
    }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`A run of ${given.method} failed: ${text.decode(stderr)}`);
    const { memory } = await dryRun({ ...run, images: count }, { methods: bundledMethods });
    return { estimated: memory, measured: Number(text.decode(stdout)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The largest resident memory that this process ever had, in bytes; Linux keeps it. */
function peakResident(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))!;
  return 1024 * Number(kilobytes);
}

if (import.meta.main) {
  await pretrain(JSON.parse(Deno.args[0]!), { methods: bundledMethods });
  console.log(peakResident());
}
