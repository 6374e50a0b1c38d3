/**
 * `deno task variations`: variations of images by Stable unCLIP.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { GenviewError } from "../core/errors/mod.ts";
import {
  formatShard,
  launchShard,
  parseShard,
  type ProcessGroup,
  type Shard,
  WHOLE,
} from "../core/distributed/mod.ts";
import { makeVariations, type VariationOutcome } from "../core/variations/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { inRanks } from "./cli/ranks.ts";
import { VariationsDisplay } from "./cli/variations_display.ts";
import { promptOf, UNCLIP_OPTIONS } from "./cli/unclip_options.ts";

const COMMAND = command({
  name: "variations",
  summary:
    "Generates variations of images by Stable unCLIP into a folder that mirrors theirs, with a manifest in JSON lines. " +
    "Variations that exist are kept: the same command continues where it was stopped. An image's noise follows from " +
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
        "over machines, as by srun: the processes share the images, and leave one manifest; jobs of Slurm's arrays, " +
        "which cannot talk to each other, take a shard each (configs/slurm/variations.sbatch)",
    },
  ],
  options: {
    type: "object",
    required: ["inputList", "outputPrefix"],
    properties: {
      inputList: {
        group: "Images",
        type: "string",
        description:
          "list with a path and a noise level in each line; with --auto a folder of fg_ratios_LEVEL.txt",
      },
      outputPrefix: {
        group: "Variations",
        type: "string",
        description: "folder of the variations and their manifest",
      },
      inputPrefix: {
        group: "Images",
        type: "string",
        default: "",
        description: "folder that the list's relative paths are in; the working folder when empty",
      },
      relativeTo: {
        group: "Images",
        type: "string",
        default: "",
        description: "folder whose tree is mirrored; --input-prefix when empty",
      },
      auto: {
        group: "Images",
        type: "boolean",
        default: false,
        description: "--input-list is a folder; take every fg_ratios_LEVEL.txt in it",
      },
      noiseLevel: {
        group: "Images",
        type: "integer",
        minimum: 0,
        maximum: 999,
        default: 0,
        description: "level of lines that have none; when given, no line may have another",
      },
      batchSize: {
        group: "Generation",
        type: "integer",
        minimum: 1,
        default: 12,
        description:
          "variations that are denoised together; on the CPU, which gains nothing by more, 1 " +
          "when left out",
      },
      numImagesPerPrompt: {
        group: "Variations",
        type: "integer",
        minimum: 1,
        default: 1,
        description: "variations of each image",
      },
      seed: {
        group: "Generation",
        type: "integer",
        minimum: 0,
        default: 0,
        description: "seed of all noise",
      },
      size: {
        group: "Variations",
        type: "integer",
        minimum: 0,
        default: 512,
        description: "height and width that they are resized to; 0 keeps the model's own, 768",
      },
      format: {
        group: "Variations",
        type: "string",
        enum: ["source", "png", "jpeg"],
        default: "source",
        description: "source keeps each image's own name where it is that of a JPEG or PNG file, " +
          "and is PNG for others",
      },
      quality: {
        group: "Variations",
        type: "integer",
        minimum: 1,
        maximum: 100,
        default: 75,
        description: "quality of JPEG files",
      },
      ...UNCLIP_OPTIONS,
      resume: {
        group: "Variations",
        type: "boolean",
        default: true,
        description: "continue in a folder that has variations; --no-resume refuses it",
      },
      overwrite: {
        group: "Variations",
        type: "boolean",
        default: false,
        description: "first remove the variations that the folder has",
      },
      shard: {
        group: "Processes",
        type: "string",
        default: "",
        description:
          "i/n: every n-th image from the i-th, counted from 0; when empty that of the job in an array of Slurm's, or all",
      },
      workers: {
        group: "Processes",
        type: "integer",
        minimum: 0,
        maximum: 256,
        default: 0,
        description: "processes over the local devices (0: this one alone)",
      },
      retries: {
        group: "Processes",
        type: "integer",
        minimum: 0,
        default: 2,
        description: "how often each of --workers is started again when it dies",
      },
    },
  },
});

/** The share that `--shard` or a job of an array names. */
function shardOf(text: string): { readonly shard: Shard; readonly origin: string } {
  if (text !== "") return { shard: parseShard(text), origin: "--shard" };
  const launch = launchShard((name) => Deno.env.get(name));
  return launch === undefined
    ? { shard: WHOLE, origin: "" }
    : { shard: launch.shard, origin: launch.variables.join(", ") };
}

function format(outcome: VariationOutcome, folder: string): string {
  const { total, existing, made, unreadable, failed, stopped } = outcome;
  const left = total - existing - made - unreadable - failed;
  if (stopped) {
    return `stopped with ${left} of ${total} left; the same command resumes from here: ${folder}`;
  }
  return `made ${made} of ${total} variations, ${counted(existing, "was", "were")} there already` +
    `${
      unreadable > 0
        ? `, ${counted(unreadable, "has an unreadable image", "have unreadable images")}`
        : ""
    }` +
    `${failed > 0 ? `, ${failed} failed` : ""}: ${folder}`;
}

type Parse = NonNullable<ReturnType<typeof parse<typeof COMMAND.options>>>;

/** Generates, alone or as one of the processes that a launcher has started. */
async function generate(
  { given, values }: Parse,
  group: ProcessGroup | undefined,
): Promise<VariationOutcome> {
  const leads = group === undefined || group.rank === 0;
  const { shard, origin } = shardOf(values.shard);
  using interrupt = interruptSignal(leads ? undefined : () => {});
  using display = new VariationsDisplay();
  if (shard.count > 1 && leads) display.note(`shard ${formatShard(shard)} (${origin})`);
  return await makeVariations({
    ...values,
    shard,
    prompt: promptOf(values),
    noiseLevel: given.noiseLevel,
    batchSize: given.batchSize,
  }, { signal: interrupt.signal, report: display.show, group });
}

/**
 * Runs the task on a command line.
 *
 * @throws {GenviewError} in the end, if variations have failed
 */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  let leads = true;
  const outcome = await inRanks(async (group) => {
    leads = group === undefined || group.rank === 0;
    return await generate(parsed, group);
  });
  if (!leads) return;
  console.log(format(outcome, parsed.values.outputPrefix));
  if (outcome.failed > 0) {
    throw new GenviewError(
      `Cannot generate ${outcome.failed} of ${outcome.total} variations: the lines above name them and why`,
    );
  }
}

if (import.meta.main) await runTask(main);
