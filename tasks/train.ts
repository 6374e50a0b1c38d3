/**
 * `deno task train`: pretrains a backbone.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { bundledConfigurations } from "../configs/mod.ts";
import { mustStartRanks, type ProcessGroup } from "../core/distributed/mod.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { configurationSchema } from "../core/method/configuration.ts";
import { readConfiguration } from "../core/method/read_configuration.ts";
import { dryRun, type DryRunOptions } from "../core/train/run/dry_run.ts";
import { pretrain, type PretrainOptions } from "../core/train/run/pretrain.ts";
import { timeSteps } from "../core/train/run/time_steps.ts";
import type { TrainResult } from "../core/train/run/train_options.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";
import { dryRunText } from "./cli/dry_run_text.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { asStarted } from "./cli/program_name.ts";
import { inRanks } from "./cli/ranks.ts";
import { TrainDisplay } from "./cli/train_display.ts";
import { withMethodOptions } from "./cli/training_options.ts";
import { ranOnWorkers, WORKERS } from "./cli/workers.ts";

const COMMAND = command({
  name: "train",
  summary:
    "Pretrains a backbone without labels. Options on the command line win over those of --config, " +
    "which win over those of --preset.",
  positional: "[METHOD]",
  examples: [
    {
      command: "deno task train byol --preset cifar --data photos/ --output runs/byol",
      does: "trains by another method; deno task plugins lists them",
    },
    {
      command: "deno task train --preset cifar --data photos/ --epochs 100 --output runs/photos",
      does: "trains ResNet-18 on 32 px views of a folder of images",
    },
    {
      command: "deno task train --output runs/photos --resume latest",
      does: "resumes that run where it was stopped or killed",
    },
    {
      command: "deno task train --output runs/photos --resume latest --epochs 200",
      does: "trains that run for longer, with its schedules over the new length",
    },
    {
      command: "deno task train --data photos/ --from moco_v2.pth.tar --output runs/from-moco",
      does: "starts with the weights of another program; prefixes of their names are taken off",
    },
    {
      command:
        "deno task train --output runs/again --resume runs/photos/checkpoints/step-000001000",
      does: "starts a run of its own from a checkpoint of that one",
    },
    {
      command:
        "deno task train --data photos/ --quality-encoder runs/photos --vis 8 --output runs/weighted",
      does: "weights pairs by the foreground that an earlier run sees; run extract-features first",
    },
    {
      command: "deno task train --data photos/ --variations variations/ --output runs/generated",
      does: "crops one view of each pair from the variation that Stable unCLIP has generated",
    },
    {
      command:
        "deno task train --config byol_resnet50_16xb256-coslr-200e_in1k --dry-run --images 1281167",
      does: "says what an experiment of GenView would take, without its data",
    },
    {
      command: "deno task train --data photos/ --workers 8 --output runs/photos",
      does:
        "trains on eight processes, over the GPUs of this machine; mpirun and srun start others",
    },
    {
      command: "deno task train --method ./my-method --output runs/mine",
      does: "trains with a method of your own",
    },
  ],
  options: {
    type: "object",
    properties: {
      method: {
        type: "string",
        default: "simsiam",
        description: "method by name, or the path or address of its folder or manifest.json",
      },
      reload: {
        type: "boolean",
        default: false,
        description: "fetch a method from the web anew, rather than take it as it was kept",
      },
      preset: {
        type: "string",
        default: "",
        description: "the method's preset; its first when empty",
      },
      config: {
        type: "string",
        default: "",
        description:
          "JSON file with any of the options below, or the name of an experiment of GenView; one that names its method stands in place of a preset",
      },
      listConfigs: {
        type: "boolean",
        default: false,
        description: "list the experiments that --config knows by name, and do nothing else",
      },
      dryRun: {
        type: "boolean",
        default: false,
        description:
          "say what the run would be, its parameters, steps, learning rates and memory, and write nothing",
      },
      images: {
        type: "integer",
        minimum: 0,
        default: 0,
        description:
          "with --dry-run: number of images in the data set, which need not be there (0: as many as it has)",
      },
      json: {
        type: "boolean",
        default: false,
        description:
          "with --dry-run: print one JSON object, whose text is what is printed otherwise",
      },
      measure: {
        type: "boolean",
        default: false,
        description:
          "with --dry-run: time some steps as well, which computes them on the data and the device, and keeps nothing",
      },
      output: {
        type: "string",
        default: "runs/train",
        description: "folder for checkpoints and logs",
      },
      resume: {
        type: "string",
        default: "",
        description: "resume from a checkpoint: latest, or its path, which may be of another run",
      },
      from: {
        type: "string",
        default: "",
        description:
          "weights that the backbone starts with: a run, or a file of safetensors or PyTorch's",
      },
      fromHeads: {
        type: "boolean",
        default: false,
        description:
          "start the method's heads and moving averages with those weights too, which are then a checkpoint of the same method",
      },
      workers: WORKERS,
      ...configurationSchema.properties,
    },
  },
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

/** What methods and experiments are called. */
const KNOWN = { methods: bundledMethods, configurations: bundledConfigurations };

/** What may be given beside the configuration. */
interface Given {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly measure?: boolean;
  readonly images?: number;
  readonly workers?: number;
  readonly resume?: string;
  readonly from?: string;
}

/** The commands that a run is followed by. */
function nextCommands(output: string, { finished, step }: TrainResult, epochs: number): string {
  const folder = /^[\w./-]+$/.test(output) ? output : `'${output.replaceAll("'", `'\\''`)}'`;
  const resume = `deno task train --output ${folder} --resume latest`;
  if (!finished) return `stopped after ${counted(step, "step")}; resume with: ${resume}`;
  return [
    "next:",
    `  deno task evaluate ${folder}`,
    `  deno task export ${folder} backbone.safetensors`,
    `  ${resume} --epochs ${2 * epochs}`,
  ].join("\n");
}

/** The experiments that are known by name, one a line. */
async function configurationList(): Promise<string> {
  const rows = await Promise.all(
    Object.keys(bundledConfigurations).map(async (name) => {
      const { description = "" } = await readConfiguration(name, bundledConfigurations);
      return `${name}\n  ${description}`;
    }),
  );
  return rows.join("\n");
}

function checkDryRun(
  { dryRun, json, measure, images, resume, from, workers = 0 }: Given,
): void {
  const about = images ? `--images ${images}` : (json && "--json") || (measure && "--measure");
  if (!dryRun && about) {
    throw new GenviewTypeError(
      `Cannot start training: ${about.split(" ")[0]} needs --dry-run, found ${about} alone`,
    );
  }
  const other = images ? "--images" : workers > 1 && "--workers";
  if (measure && other) {
    throw new GenviewTypeError(
      `Cannot time steps: --measure computes them in this process on the images that there are, found ${other}; ` +
        "leave one out",
    );
  }
  const idle = resume ? "--resume" : from && "--from";
  if (!dryRun || !idle) return;
  throw new GenviewTypeError(
    `Cannot describe a run: --dry-run is for a new one with initial weights, found ${idle}; leave it out`,
  );
}

/** The method that is named, by itself or by --method. */
function methodOf(words: readonly string[], option: string | undefined): string | undefined {
  const found = [...words, ...(option ? [option] : [])];
  if (found.length <= 1) return found[0];
  throw new GenviewTypeError(
    `Cannot start training: METHOD must be named once, found ${found.join(", ")}`,
  );
}

/** Pretrains, alone or as one of the processes that a launcher has started. */
async function run(
  { output, ...options }: PretrainOptions,
  group: ProcessGroup | undefined,
): Promise<void> {
  const leads = group === undefined || group.rank === 0;
  let epochs = 0;
  let saved: string | undefined;
  using display = new TrainDisplay();
  using interrupt = interruptSignal(() => {
    if (group === undefined) {
      display.note("stopping after this step; press Ctrl-C again to end at once");
    } else if (leads && saved !== undefined) {
      // Also launchers whose processes have died tell the others to stop, which may come no further.
      display.note(`told to stop; the last checkpoint is ${saved}`);
    }
  });
  const result = await pretrain({ output, ...options }, {
    ...KNOWN,
    ...(group && { group }),
    signal: interrupt.signal,
    report(event) {
      if (event.kind === "start") epochs = event.configuration.epochs;
      if (event.kind === "checkpoint") saved = event.path;
      display.show(event);
    },
  });
  display[Symbol.dispose]();
  if (!leads) return;
  if (result.skipped > 0) {
    console.error(
      `${result.skipped} times an image could not be read and was replaced by another`,
    );
  }
  if (result.finished) console.log(`trained ${counted(result.step, "step")}: ${result.checkpoint}`);
  console.log(asStarted(nextCommands(output, result, epochs)));
}

/** How what a run would be is said. */
interface DescriptionForm {
  /** As JSON, for programs. */
  readonly json: boolean;
  /** With its time, as some steps have it. */
  readonly measure: boolean;
}

/** Says what a run would be, also of processes that are not started, or of those of a launcher. */
async function describe(
  options: DryRunOptions,
  { json, measure }: DescriptionForm,
): Promise<void> {
  const { group, ranks } = options;
  if (group !== undefined) mustStartRanks(ranks ?? 0, (name) => Deno.env.get(name));
  const run = await dryRun(options, KNOWN);
  const { images: _images, ranks: _ranks, ...named } = options;
  const timed = measure ? await timeSteps(named, KNOWN) : undefined;
  if (group !== undefined && group.rank > 0) return;
  const text = dryRunText(run, timed?.secondsEach);
  const { secondsEach } = timed ?? {};
  console.log(json ? JSON.stringify({ ...run, secondsEach, text }, null, 2) : text);
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(await withMethodOptions(COMMAND, args), args, (text) => console.log(text));
  if (parsed === undefined) return;
  const {
    listConfigs,
    dryRun: isDry,
    json = false,
    measure = false,
    images,
    workers = 0,
    ...given
  } = parsed.given;
  if (listConfigs) return console.log(await configurationList());
  checkDryRun(parsed.given);
  const {
    method: option,
    preset,
    config,
    output: _output,
    reload,
    resume,
    from,
    fromHeads,
    ...configuration
  } = given;
  const method = methodOf(parsed.positional, option);
  const named = {
    configuration,
    ...(method && { method }),
    ...(reload && { reload }),
    ...(preset && { preset }),
    ...(config && { config }),
  };
  if (isDry) {
    const asked = { ...named, images: images ?? 0, ...(workers > 0 && { ranks: workers }) };
    return await inRanks((group) =>
      describe({ ...asked, ...(group && { group }) }, { json, measure })
    );
  }
  if (await ranOnWorkers("train", args, workers)) return;
  const { output } = parsed.values;
  await inRanks((group) =>
    run({
      output,
      ...named,
      ...(resume && { resume }),
      ...(from && { from }),
      ...(fromHeads && { fromHeads }),
    }, group)
  );
}

if (import.meta.main) await runTask(main);
