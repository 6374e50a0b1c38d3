/**
 * `deno task variations`: variations of images by Stable unCLIP.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewNotFound, GenviewTypeError } from "../core/errors/mod.ts";
import {
  formatShard,
  launchLocalRank,
  launchShard,
  parseShard,
  shareOf,
  WHOLE,
} from "../core/distributed/mod.ts";
import type { Shard } from "../core/distributed/mod.ts";
import { type Device, resolveDevice } from "../core/engine/ort/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { localDevices } from "./local_devices.ts";
import {
  chooseUnclip,
  UNCLIP_OPTIONS,
  type UnclipChoice,
  type UnclipValues,
} from "./unclip_option.ts";
import { ProgressDisplay } from "./cli/variations_display.ts";
import {
  claimFolder,
  readSettings,
  removeVariations,
  type VariationSettings,
} from "./variations_manifest.ts";
import {
  type PlannedImage,
  planVariations,
  type VariationFormat,
  variationsOf,
} from "./variations_plan.ts";
import {
  findStanding,
  runVariations,
  type VariationJob,
  type VariationOutcome,
} from "./variations_run.ts";
import { runWorkers } from "./variations_workers.ts";

const COMMAND: Command = {
  name: "variations",
  summary:
    "Generates variations of images by Stable unCLIP into a folder that mirrors theirs, with a manifest in JSON lines. " +
    "What is there already is recognised: the same command goes on where it was stopped. An image's noise comes from " +
    "seed, path and number, so that it is the same in any batch, shard or run.",
  examples: [
    {
      command:
        "deno task variations --auto --input-list ratios --input-prefix data/train --output-prefix data/train_variations",
      does: "every fg_ratios_LEVEL.txt of noise-levels, each image at its level",
    },
    {
      command:
        "deno task variations --input-list list.txt --noise-level 200 --num-images-per-prompt 3 " +
        "--format png --output-prefix variations",
      does: "three of each image: a/b.jpg has a/b/0.png, a/b/1.png and a/b/2.png",
    },
    {
      command:
        "deno task variations --workers 8 --auto --input-list ratios --output-prefix variations",
      does: "eight processes over all GPUs, each started again if it dies",
    },
    {
      command:
        "mpirun -np 16 deno task variations --auto --input-list ratios --output-prefix variations",
      does:
        "over machines: each process takes its rank's shard, as under srun and in Slurm's job arrays " +
        "(configs/slurm/variations.sbatch)",
    },
  ],
  options: {
    type: "object",
    required: ["inputList", "outputPrefix"],
    properties: {
      inputList: {
        type: "string",
        description: "lines of path and noise level; with --auto a folder of fg_ratios_LEVEL.txt",
      },
      outputPrefix: { type: "string", description: "folder of the variations and their manifest" },
      inputPrefix: {
        type: "string",
        default: "",
        description: "folder that the list's relative paths are in; the working folder when empty",
      },
      relativeTo: {
        type: "string",
        default: "",
        description: "folder whose tree is mirrored; --input-prefix when empty",
      },
      auto: {
        type: "boolean",
        default: false,
        description: "take every fg_ratios_LEVEL.txt of the folder --input-list",
      },
      noiseLevel: {
        type: "integer",
        minimum: 0,
        maximum: 999,
        default: 0,
        description: "level of lines that have none; when given, no line may have another",
      },
      batchSize: {
        type: "integer",
        minimum: 1,
        default: 12,
        description: "images that are denoised together; when left out 1 on the CPU, which gains " +
          "nothing by more",
      },
      numImagesPerPrompt: {
        type: "integer",
        minimum: 1,
        default: 1,
        description: "variations of each image",
      },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of all noise" },
      size: {
        type: "integer",
        minimum: 0,
        default: 512,
        description: "height and width that they are resized to; 0 keeps the model's own, 768",
      },
      format: {
        type: "string",
        enum: ["source", "png", "jpeg"],
        default: "source",
        description: "source keeps each image's own name where it is that of a JPEG or PNG file, " +
          "and is PNG for others",
      },
      quality: {
        type: "integer",
        minimum: 1,
        maximum: 100,
        default: 75,
        description: "quality of JPEG files",
      },
      ...UNCLIP_OPTIONS,
      resume: {
        type: "boolean",
        default: true,
        description: "go on in a folder that has variations; --no-resume refuses one",
      },
      overwrite: {
        type: "boolean",
        default: false,
        description: "first remove the variations that the folder has, and begin anew",
      },
      shard: {
        type: "string",
        default: "",
        description:
          "i/n: every n-th image from the i-th, counted from 0; when empty that of the " +
          "rank under mpirun and srun and in Slurm's job arrays, or all",
      },
      workers: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "processes over the local devices (0: none but this)",
      },
      retries: {
        type: "integer",
        minimum: 0,
        default: 2,
        description: "how often each of --workers is started again when it dies",
      },
    },
  },
};

interface Values extends UnclipValues {
  readonly inputList: string;
  readonly outputPrefix: string;
  readonly inputPrefix: string;
  readonly relativeTo: string;
  readonly auto: boolean;
  readonly noiseLevel: number;
  readonly batchSize: number;
  readonly numImagesPerPrompt: number;
  readonly seed: number;
  readonly size: number;
  readonly format: VariationFormat;
  readonly quality: number;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly shard: string;
  readonly workers: number;
  readonly retries: number;
}

/** The share that the options or a launcher name. */
function shardOf({ shard }: Values): { readonly shard: Shard; readonly origin: string } {
  if (shard !== "") return { shard: parseShard(shard), origin: "--shard" };
  const launch = launchShard((name) => Deno.env.get(name));
  return launch === undefined
    ? { shard: WHOLE, origin: "" }
    : { shard: launch.shard, origin: launch.variables.join(", ") };
}

/** The devices that the work goes to: all for workers, and for one of a launcher's processes its own. */
async function devicesOf({ device, workers }: Values, shard: Shard): Promise<Device[]> {
  if (workers > 0) return await localDevices(device);
  const rank = launchLocalRank((name) => Deno.env.get(name));
  if (device !== "auto" || rank === undefined || shard.count === 1) return [resolveDevice(device)];
  const devices = await localDevices(device);
  return [devices[rank % devices.length]!];
}

/** Refuses a list of which no image is there: its paths are relative to another folder. */
async function checkThere(images: readonly PlannedImage[]): Promise<void> {
  for (const { sourcePath } of images) {
    if (await ifThere(Deno.stat(sourcePath)) !== undefined) return;
  }
  throw new GenviewNotFound(
    `Cannot generate variations: none of the list's ${images.length} images is there, such as ` +
      `${images[0]!.sourcePath}; --input-prefix names the folder that the paths are in`,
  );
}

/** Removes what is to be overwritten, and claims the folder; one that is refused is left as it was. */
async function prepareFolder({ overwrite, resume }: Values, job: VariationJob): Promise<void> {
  const { folder, shard, images, names, settings } = job;
  if (shard.count > 1 && (overwrite || !resume)) {
    throw new GenviewTypeError(
      `Cannot begin anew in ${folder} by shard ${
        formatShard(shard)
      }: others may be at work there; ` +
        "remove it, or leave the shard out",
    );
  }
  if (overwrite) {
    const all = images.flatMap((image) => variationsOf(image, names));
    await removeVariations(folder, all.map(({ path }) => path));
  }
  const isClaimed = await readSettings(folder) !== undefined;
  if (isClaimed && !resume) {
    throw new GenviewAlreadyExists(
      `Cannot begin in ${folder}: it has variations, which --resume goes on with and --overwrite removes`,
    );
  }
  if (!isClaimed && await ifThere(Deno.stat(folder)) !== undefined) await findStanding(job);
  await claimFolder(folder, settings);
}

function settingsOf(values: Values, model: UnclipChoice): VariationSettings {
  const { seed, scale, negativePrompt, size, format, quality } = values;
  return {
    seed,
    model: model.identity,
    precision: model.precision,
    scheduler: model.scheduler,
    steps: values.numInferenceSteps,
    scale,
    prompt: model.prompt,
    negativePrompt,
    imagesPerPrompt: values.numImagesPerPrompt,
    size,
    format,
    quality,
  };
}

function describe(
  { total, there, made, unreadable, stopped }: VariationOutcome,
  folder: string,
): string {
  const left = total - there - made - unreadable;
  if (stopped && left > 0) {
    return `stopped with ${left} of ${total} left; the same command goes on from here: ${folder}`;
  }
  return `made ${made} of ${total} variations, ${there} were there already` +
    `${unreadable > 0 ? `, ${unreadable} have unreadable images` : ""}: ${folder}`;
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const values = parsed.values as unknown as Values;
  const { outputPrefix: folder, workers, retries, threads } = values;
  const { shard, origin } = shardOf(values);
  const names = { imagesPerPrompt: values.numImagesPerPrompt, format: values.format };
  const noiseLevel = parsed.given["noiseLevel"] === undefined ? undefined : values.noiseLevel;
  const all = await planVariations({ ...values, ...names, noiseLevel });
  const images = shareOf(all, shard);
  const devices = await devicesOf(values, shard);
  const model = await chooseUnclip(values, devices[0]!);
  const settings = settingsOf(values, model);
  const slow = model.device.provider === "cpu" && parsed.given["batchSize"] === undefined;
  const batchSize = slow ? 1 : values.batchSize;
  const job = { folder, images, names, settings, shard, model, batchSize, threads };
  await checkThere(all);
  await prepareFolder(values, job);
  if (shard.count > 1) {
    console.error(
      `shard ${formatShard(shard)} (${origin}): ${images.length} of ${all.length} images`,
    );
  }
  using interrupt = interruptSignal();
  using show = new ProgressDisplay();
  const options = { signal: interrupt.signal, show };
  const outcome = workers === 0
    ? await runVariations(job, options)
    : await runWorkers(job, { ...options, workers, retries, devices });
  console.log(describe(outcome, folder));
}

if (import.meta.main) await runTask(main);
