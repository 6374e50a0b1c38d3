/**
 * `deno task bench start`: from the start of a process to the end of the first step of SimSiam on a ResNet-50 at 224 px,
 * ours against PyTorch's.
 *
 * Both sides begin with a folder of JPEGs and end with parameters that were updated. A round is a process of each, by
 * turns; the first round warms the system's cache of files. Ours says when it came to what.
 *
 * @module
 */
import process from "node:process";
import { sharp } from "../core/deps/sharp.ts";
import { viewRecipes } from "../core/data/views/named_views.ts";
import { CPU } from "../core/engine/ort/mod.ts";
import { loadMethodByName } from "../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { openCompiler } from "../core/train/compile/method_compiler.ts";
import { pretrain } from "../core/train/run/pretrain.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import { TrainingStep } from "../core/train/step/training_step.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { median } from "./alternate.ts";
import { DENO_RUN } from "./peer.ts";
import { printProcessor } from "./processor.ts";

const COMMAND: Command = {
  name: "bench start",
  summary: "Compares the time from a process's start to the end of its first step with PyTorch's.",
  examples: [{
    command: "deno task bench start --python python3 --rounds 3",
    does: "with the interpreter that has torch and torchvision",
  }],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with torch" },
      rounds: { type: "integer", minimum: 1, default: 3, description: "processes of each side" },
      batch: { type: "integer", minimum: 2, default: 4, description: "samples in a batch" },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of each side" },
      method: { type: "string", default: "simsiam", description: "our method by name" },
      parts: {
        type: "boolean",
        default: false,
        description: "only time what our start consists of, in one process",
      },
      json: { type: "boolean", default: false, description: "a line of JSON" },
      worker: { type: "string", default: "", description: "be our side, on images in this folder" },
    },
  },
};

interface Options {
  readonly python: string;
  readonly rounds: number;
  readonly batch: number;
  readonly threads: number;
  readonly method: string;
  readonly parts: boolean;
  readonly json: boolean;
  readonly worker: string;
}

/** What a process came to: seconds since its start, and seconds of the processor that it took. */
type Milestones = Readonly<Record<string, readonly [clock: number, processor: number]>>;

/** Seconds since this process's runtime began, and of the processor. */
function now(): readonly [clock: number, processor: number] {
  const { user, system } = process.cpuUsage();
  return [performance.now() / 1000, (user + system) / 1e6];
}

const FIRST_STEP = "the first step is done";

/** Our side: a session of training, which prints its milestones as JSON after the first step and ends. */
async function work({ worker, batch, threads, method }: Options): Promise<void> {
  const loaded = now();
  let ready = loaded;
  await pretrain({
    output: `${worker}/run-${crypto.randomUUID()}`,
    ...{ method, preset: "imagenet" },
    configuration: {
      ...{ data: `${worker}/photos`, backbone: "resnet50", batchSize: batch, threads, epochs: 1 },
    },
  }, {
    methods: bundledMethods,
    report(event) {
      if (event.kind === "start") ready = now();
      if (event.kind !== "step") return;
      const milestones: Milestones = {
        "modules are loaded": loaded,
        "compiled, bound, about to step": ready,
        [FIRST_STEP]: now(),
      };
      console.log(JSON.stringify(milestones));
      Deno.exit();
    },
  });
}

/** What compiling consists of, one part after another, in this process; seconds of each. */
async function timeParts({ batch, threads, method: name }: Options): Promise<Milestones> {
  const parts: Record<string, readonly [clock: number, processor: number]> = {};
  async function timed<T>(part: string, work: () => Promise<T>): Promise<T> {
    const [began, busy] = now();
    const result = await work();
    const [clock, processor] = now();
    parts[part] = [clock - began, processor - busy];
    return result;
  }
  const placement = { device: CPU, threads };
  const method = await timed("read the method", () => loadMethodByName(name, bundledMethods));
  const preset = presetOf(method.manifest, "imagenet");
  const configuration = resolveConfiguration(preset, { backbone: "resnet50", batchSize: batch });
  const viewSizes = viewRecipes(configuration).map(({ size }) => size);
  await using compiler = openCompiler(method);
  const request = { configuration, viewSizes, tuning: {} };
  await timed("start the compiler, inspect the method", () => compiler.inspect(request));
  const tuning = await timed("ask the kernels", () => deviceTuning(placement));
  const tuned = { ...request, tuning };
  const weights = await timed("draw initial weights", () => compiler.weights(tuned));
  const compiled = await timed("build, differentiate, encode", () => compiler.step(tuned));
  if (compiled.kind !== "whole") throw new Error("a batch by micro-batches is not timed");
  const step = await timed(
    "open sessions, bind",
    () => TrainingStep.bind(compiled, placement, weights),
  );
  const scalars = Object.fromEntries(step.scalars.map((scalar) => [scalar, 0]));
  await timed("first step", () => step.run(scalars, { seed: 0, step: 0 }));
  await timed("second step", () => step.run(scalars, { seed: 0, step: 1 }));
  step[Symbol.dispose]();
  return parts;
}

/** Photographs of noise, as large as ImageNet's mostly are. */
async function writePhotos(folder: string, count: number): Promise<void> {
  await Deno.mkdir(folder);
  for (let i = 0; i < count; i++) {
    const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
    const create = { width: 500, height: 375, channels: 3, background: "gray", noise } as const;
    await Deno.writeFile(`${folder}/${i}.jpg`, await sharp({ create }).jpeg().toBuffer());
  }
}

/** Runs a process until it ends; its milestones, the last one counted from its very start. */
async function runProcess(command: string, args: readonly string[]): Promise<Milestones> {
  const began = performance.now();
  const { success, stdout } = await new Deno.Command(command, {
    ...{ args: [...args], stdout: "piped", stderr: "inherit" },
  }).output();
  if (!success) throw new Error(`Cannot compare: ${command} ${args.join(" ")} failed`);
  const milestones = JSON.parse(new TextDecoder().decode(stdout)) as Milestones;
  const total = (performance.now() - began) / 1000;
  return { ...milestones, [FIRST_STEP]: [total, milestones[FIRST_STEP]![1]] };
}

function medians(rounds: readonly Milestones[]): Milestones {
  return Object.fromEntries(
    Object.keys(rounds[0]!).map((name) => {
      const middle = (part: 0 | 1) => median(rounds.map((round) => round[name]![part]));
      return [name, [middle(0), middle(1)]];
    }),
  );
}

function describeMilestones(title: string, milestones: Milestones): string {
  const lines = Object.entries(milestones).map(([name, [clock, processor]]) =>
    `  ${clock.toFixed(2).padStart(6)} s, ${
      processor.toFixed(2).padStart(6)
    } s of the processor: ${name}`
  );
  return [title, ...lines].join("\n");
}

/** Rounds of both sides; what each came to, in the middle of them. */
async function compare(options: Options): Promise<readonly [ours: Milestones, theirs: Milestones]> {
  const { python, rounds, batch, threads, method } = options;
  const folder = await Deno.makeTempDir();
  const peer = new URL("../reference/bench_start.py", import.meta.url).pathname;
  try {
    await writePhotos(`${folder}/photos`, batch);
    const ours: Milestones[] = [];
    const theirs: Milestones[] = [];
    for (let round = -1; round < rounds; round++) {
      const both = [
        await runProcess(Deno.execPath(), [
          ...[...DENO_RUN, "--allow-write", import.meta.filename!],
          ...[`--worker=${folder}`, `--batch=${batch}`, `--threads=${threads}`],
          `--method=${method}`,
        ]),
        await runProcess(python, [peer, `${folder}/photos`, String(threads)]),
      ] as const;
      if (round < 0) continue;
      ours.push(both[0]);
      theirs.push(both[1]);
    }
    return [medians(ours), medians(theirs)];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options);
  const [ours, theirs] = options.parts ? [{}, {}] : await compare(options);
  const parts = await timeParts(options);
  if (options.json) return console.log(JSON.stringify({ ours, theirs, parts }));
  await printProcessor();
  const { batch, method } = options;
  const title = `${method} on ResNet-50, 224 px, batch ${batch}`;
  if (!options.parts) {
    console.log(describeMilestones(`ours, ${title}:`, ours));
    console.log(describeMilestones("PyTorch's:", theirs));
  }
  console.log(describeMilestones(`what ours consists of, apart, ${title}:`, parts));
}

if (import.meta.main) await runTask(main);
