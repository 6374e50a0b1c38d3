/**
 * `deno task bench unclip`: denoising by Stable unCLIP's UNet, ours against diffusers on PyTorch.
 *
 * Each side is a process that stays up; the images alternate, so that a machine that slows down slows both. Both sides
 * read the same files of hashed weights and start at the same hashed noise, with guidance, and the latents that they come
 * to must agree, so that what is compared is the same work. Times are the clock's; peak memory is the process's own.
 *
 * @module
 */
import { join } from "node:path";
import { float32, tensor } from "../core/engine/graph/tensor.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { denoisingGraph } from "../core/unclip/network_graphs.ts";
import { ConfigFile } from "../core/weights/config_file.ts";
import {
  createNetworkSession,
  parseScheduler,
  parseUnet,
  planSteps,
  STORED_UNET,
  Trajectory,
  type UnetConfig,
} from "../core/unclip/mod.ts";
import { openTensors } from "../core/weights/open_tensors.ts";
import { writeSafetensors } from "../core/weights/safetensors.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { hashedParameter, hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import { alternate, answerRounds, type Comparison, describeComparison } from "./alternate.ts";
import { DENO_RUN, Peer } from "./peer.ts";

/** UNets in the published form, and how many calls of them an image takes: all of 20 steps, or the first. */
const CASES = [
  { name: "mid", channels: [128, 256, 384, 448], heads: [2, 4, 6, 7], latents: 32, calls: 21 },
  { name: "full", channels: [320, 640, 1280, 1280], heads: [5, 10, 20, 20], latents: 96, calls: 1 },
] as const;

const STEPS = 20;
const GUIDANCE = 10;
const TOKENS = 77;
const TEXT_WIDTH = 1024;
const CLASS_WIDTH = 2048;

/** Largest relative difference between the sides' latents, in the mean. */
const SAME_WORK = 1e-3;

const COMMAND: Command = {
  name: "bench unclip",
  summary: "Compares denoising by Stable unCLIP's UNet with diffusers', alternating.",
  examples: [
    {
      command: "deno task bench unclip --python python3 --only mid",
      does: "with the interpreter that has diffusers; an image of 32 by 32 latents by 20 steps",
    },
    {
      command: "deno task bench unclip --python python3 --only full --rounds 3",
      does:
        "one call of the UNet that is published: 3.5 GB of weights, made on the fly, and twice that in memory",
    },
  ],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with diffusers" },
      rounds: { type: "integer", minimum: 1, default: 5, description: "images of each side" },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of each side" },
      only: {
        type: "string",
        enum: ["all", ...CASES.map(({ name }) => name)],
        default: "all",
        description: "one UNet: mid takes an image, full a single call",
      },
      calls: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "calls that an image takes at most (0: the case's own)",
      },
      json: { type: "boolean", default: false, description: "a line of JSON for each UNet" },
      worker: { type: "string", default: "", description: "be our side: FOLDER,LATENTS,CALLS" },
    },
  },
};

interface Options {
  readonly python: string;
  readonly rounds: number;
  readonly threads: number;
  readonly only: string;
  readonly calls: number;
  readonly json: boolean;
  readonly worker: string;
}

type Case = (typeof CASES)[number];

/** Configurations as published, but for the UNet's sizes. */
function configsOf({ channels, heads, latents }: Case) {
  return {
    "config.json": {
      _class_name: "UNet2DConditionModel",
      ...{ sample_size: latents, in_channels: 4, out_channels: 4, layers_per_block: 2 },
      ...{ block_out_channels: channels, attention_head_dim: heads },
      down_block_types: [...new Array(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"],
      up_block_types: ["UpBlock2D", ...new Array(3).fill("CrossAttnUpBlock2D")],
      ...{ cross_attention_dim: TEXT_WIDTH, use_linear_projection: true },
      class_embed_type: "projection",
      projection_class_embeddings_input_dim: CLASS_WIDTH,
    },
    "scheduler_config.json": {
      _class_name: "PNDMScheduler",
      ...{ beta_schedule: "scaled_linear", beta_start: 0.00085, beta_end: 0.012 },
      ...{ skip_prk_steps: true, set_alpha_to_one: false, steps_offset: 1 },
      prediction_type: "v_prediction",
    },
  };
}

/** The graph that is run: one image, with guidance. */
function graphOf(scope: Scope, config: UnetConfig, latents: number) {
  const shape = { batchSize: 1, size: [latents, latents], tokens: TOKENS } as const;
  return denoisingGraph(scope, config, shape, true);
}

/** Writes configurations and weights; gives the number of parameters. */
async function writeCase(folder: string, given: Case): Promise<number> {
  for (const [name, config] of Object.entries(configsOf(given))) {
    await Deno.writeTextFile(join(folder, name), JSON.stringify(config));
  }
  const scope = new Scope();
  graphOf(scope, parseUnet(await ConfigFile.read(join(folder, "config.json"))), given.latents);
  const entries = [...scope.declarations].map(([name, { value: { shape } }]) => {
    const read = () => Promise.resolve(hashedParameter(name, shape));
    return [name, { dtype: "float32", shape, read }] as const;
  });
  await writeSafetensors(join(folder, "weights.safetensors"), entries);
  return entries.reduce((sum, [, { shape }]) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Our side: a round is an image. */
async function work({ worker, threads }: Options): Promise<void> {
  const [folder, size, calls] = worker.split(",") as [string, string, string];
  const config = parseUnet(await ConfigFile.read(join(folder, "config.json")));
  const scheduler = parseScheduler(
    await ConfigFile.read(join(folder, "scheduler_config.json")),
  );
  const plan = planSteps(scheduler.name, scheduler.config, STEPS).slice(0, Number(calls));
  using file = await openTensors(join(folder, "weights.safetensors"));
  const build = (scope: Scope) => graphOf(scope, config, Number(size));
  using session = await createNetworkSession(file, STORED_UNET, build, { threads });
  const shape = [1, 4, Number(size), Number(size)];
  const noise = hashedTensor("latents", shape, 1.7).data;
  const conditions = {
    labels: hashedTensor("labels", [1, CLASS_WIDTH]),
    text: hashedTensor("text", [1, TOKENS, TEXT_WIDTH]),
    negative: hashedTensor("negative", [1, TOKENS, TEXT_WIDTH]),
    guidance: float32([1, 1, 1, 1], [GUIDANCE]),
  };
  await answerRounds(async () => {
    const trajectory = new Trajectory(plan, noise);
    for (let due = trajectory.due; due !== undefined; due = trajectory.due) {
      const { output } = await session.run({
        ...conditions,
        latents: tensor("float32", shape, trajectory.sample),
        timestep: float32([1], [due.timestep]),
      });
      trajectory.advance(output!.data as Float32Array);
    }
    const { sample } = trajectory;
    return sample.reduce((sum, value) => sum + Math.abs(value), 0) / sample.length;
  });
}

/** Calls that an image of a UNet takes. */
function callsOf({ calls }: Case, { calls: most }: Options): number {
  return most === 0 ? calls : Math.min(most, calls);
}

async function compare(given: Case, folder: string, options: Options): Promise<Comparison> {
  const { name, latents } = given;
  const { python, rounds, threads } = options;
  const calls = callsOf(given, options);
  await using ours = new Peer(Deno.execPath(), [
    ...DENO_RUN,
    import.meta.filename!,
    `--threads=${threads}`,
    `--worker=${folder},${latents},${calls}`,
  ]);
  await using theirs = new Peer(python, [
    new URL("../reference/bench_unclip.py", import.meta.url).pathname,
    folder,
    ...[latents, STEPS, calls, GUIDANCE, threads].map(String),
  ]);
  return await alternate(ours, theirs, { name, rounds, warmUp: 1, tolerance: SAME_WORK });
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options);
  const chosen = CASES.filter(({ name }) => options.only === "all" || name === options.only);
  for (const given of chosen) {
    const folder = await Deno.makeTempDir();
    try {
      const parameters = await writeCase(folder, given);
      const comparison = await compare(given, folder, options);
      const [{ name, latents }, calls] = [given, callsOf(given, options)];
      console.log(
        options.json
          ? JSON.stringify({ name, parameters, latents, calls, ...comparison })
          : `${name}, ${
            (parameters / 1e6).toFixed(0)
          } M parameters, ${latents} x ${latents} latents, ` +
            `${calls} calls with guidance:\n` +
            describeComparison(
              comparison,
              "diffusers'",
              ([us, them]) => `${us.toFixed(2)} against ${them.toFixed(2)} s`,
            ),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

if (import.meta.main) await runTask(main);
