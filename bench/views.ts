/**
 * `deno task bench views`: two SimSiam views from 500x375 JPEGs, ours against torchvision on Pillow.
 *
 * Each side is one process on one core that stays up; the rounds alternate, so that a machine that slows down slows
 * both. Decoding, geometry, photometry and normalisation are all in it. Rates are given by the clock and, for machines
 * that do other work meanwhile, by the time of the processor, of all threads together.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { sharp } from "../core/deps/sharp.ts";
import { datasetOf, fileSource, mocoV2View, viewLoader } from "../core/data/mod.ts";
import { Photometry } from "../core/data/photometry/mod.ts";
import { CPU, DeviceTensor } from "../core/engine/ort/mod.ts";
import { RandomStream } from "../core/engine/random/random_stream.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { median } from "./alternate.ts";
import { DENO_RUN, Peer } from "./peer.ts";

const COMMAND: Command = {
  name: "bench views",
  summary:
    "Compares two SimSiam views from 500x375 JPEGs with torchvision on Pillow, one core each.",
  examples: [{
    command: "deno task bench views --python python3",
    does: "with the interpreter that has torchvision",
  }],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with torchvision" },
      images: { type: "integer", minimum: 16, default: 48, description: "images in a round" },
      rounds: { type: "integer", minimum: 3, default: 9, description: "rounds of each side" },
      worker: { type: "boolean", default: false, description: "be our side of the comparison" },
    },
  },
};

/** A picture with large shapes, fine texture and noise, about as hard to decode as a photograph. */
async function drawPhotograph(path: string, seed: number): Promise<void> {
  const [width, height] = [500, 375];
  const random = new RandomStream(seed, "photograph");
  const waves = Array.from({ length: 24 }, () => ({
    x: random.normal(0, 0.05),
    y: random.normal(0, 0.05),
    phase: random.uniform(0, 2 * Math.PI),
    color: [random.uniform(), random.uniform(), random.uniform()],
  }));
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (let channel = 0; channel < 3; channel++) {
      const value = waves.reduce(
        (sum, wave) => sum + wave.color[channel]! * Math.sin(wave.x * x + wave.y * y + wave.phase),
        0,
      );
      data[3 * at + channel] = 128 + 24 * value + random.normal(0, 6);
    }
  }
  await sharp(data, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 }).toFile(path);
}

/** Seconds of one round. */
interface Seconds {
  readonly clock: number;
  readonly processor: number;
}

function now(): Seconds {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now() / 1000, processor: (user + system) / 1e6 };
}

function parseSeconds(line: string): Seconds {
  const [clock, processor] = line.split(" ").map(Number) as [number, number];
  return { clock, processor };
}

/** Our side: a line in is a round, a line out its seconds. */
async function work(paths: readonly string[]): Promise<void> {
  sharp.concurrency(1);
  const recipe = mocoV2View(224);
  const batchSize = 16;
  const dataset = datasetOf("photographs", paths.length, (i) => ({
    key: paths[i]!,
    source: fileSource(paths[i]!),
  }));
  using photometry = await Photometry.create({ recipe, batchSize, device: CPU, threads: 1 });
  using views = DeviceTensor.empty({ dtype: "float32", shape: [batchSize, 3, 224, 224] });
  let epoch = 0;
  for await (const _ of Deno.stdin.readable) {
    const began = now();
    const loader = viewLoader(dataset, [recipe, recipe], { batchSize, seed: 0, epoch: epoch++ });
    for await (const batch of loader) {
      for (const view of batch.views) await photometry.apply(view, views);
    }
    const ended = now();
    console.log(ended.clock - began.clock, ended.processor - began.processor);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse({ ...COMMAND, positional: "[JPEG ...]" }, args, console.log);
  if (parsed === undefined) return;
  if (parsed.values["worker"]) return await work(parsed.positional);
  const images = Number(parsed.values["images"]);
  const folder = await Deno.makeTempDir();
  try {
    const paths = Array.from({ length: images - images % 16 }, (_, i) => join(folder, `${i}.jpg`));
    for (const [i, path] of paths.entries()) await drawPhotograph(path, i);
    const script = (name: string) => new URL(`../reference/${name}`, import.meta.url).pathname;
    await using ours = new Peer("taskset", [
      "-c",
      "0",
      Deno.execPath(),
      ...DENO_RUN,
      import.meta.filename!,
      "--worker",
      ...paths,
    ]);
    await using theirs = new Peer("taskset", [
      "-c",
      "0",
      String(parsed.values["python"]),
      script("bench_views.py"),
      ...paths,
    ]);
    const rounds: (readonly [Seconds, Seconds])[] = [];
    for (let round = 0; round <= Number(parsed.values["rounds"]); round++) {
      const answers = [await ours.ask("go"), await theirs.ask("go")] as const;
      // The first round warms up.
      if (round > 0) rounds.push([parseSeconds(answers[0]), parseSeconds(answers[1])]);
    }
    for (const by of ["clock", "processor"] as const) {
      const [us, them] = [0, 1].map((side) =>
        paths.length / median(rounds.map((round) => round[side]![by]))
      ) as [number, number];
      console.log(`by the ${by}:`);
      console.log(`  genview      ${us.toFixed(1)} images/s`);
      console.log(`  torchvision  ${them.toFixed(1)} images/s`);
      console.log(`  ratio of medians ${(us / them).toFixed(2)}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await runTask(main);
