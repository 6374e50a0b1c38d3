/**
 * `deno task fg-ratio`: the share of foreground of each image.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { TOKEN_NETWORK_OPTIONS } from "../core/encoders/mod.ts";
import { openRankPlacement } from "../core/distributed/mod.ts";
import { computeRatios, type RatioOutcome } from "../core/noise/mod.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { MaskingDisplay } from "./cli/masking_display.ts";
import { inRanks } from "./cli/ranks.ts";
import { ranOnWorkers, WORKERS } from "./cli/workers.ts";

const COMMAND = command({
  name: "fg-ratio",
  summary:
    "Writes the share of foreground tokens of each image as lines of path and ratio to fg_ratios.txt; it resumes where " +
    "it was stopped. From images, only scores leave the device: the features of ImageNet, 1,281,167 images of 256 " +
    "tokens of 1280 halves, would take 840 GB as files, and their ratios take some 60 MB.",
  examples: [
    {
      command: "deno task fg-ratio --from images --input-list train.txt " +
        "--input-dir pca_results/ViT-H-14-laion2b_s32b_b79k --output-dir ratios",
      does: "by component and threshold of extract-features, features are never stored",
    },
    {
      command:
        "deno task fg-ratio --input-list train.txt --input-dir pca_results/ViT-H-14-laion2b_s32b_b79k " +
        "--output-dir ratios --fg-thre -4.1",
      does: "from the features that extract-features has stored, by a threshold of your own",
    },
    {
      command:
        "deno task fg-ratio --from images --pca-vectors pca_vectors.npy --fg-thre -4.1 --input-list train.txt " +
        "--output-dir ratios",
      does: "by the component that GenView publishes",
    },
    {
      command: "mpirun -np 8 deno task fg-ratio --from images --input-list train.txt " +
        "--input-dir pca_results/ViT-H-14-laion2b_s32b_b79k --output-dir ratios",
      does: "each process takes a part of the images, on a GPU of its own; the file is that of one",
    },
  ],
  options: {
    type: "object",
    required: ["inputList", "outputDir"],
    properties: {
      inputList: {
        group: "Images",
        type: "string",
        description:
          "list file of paths, folder of images, shards (.tar or .parquet), emoji-google or emoji-twitter",
      },
      inputPrefix: {
        group: "Images",
        type: "string",
        default: "",
        description: "folder that the list's relative paths are in; it becomes a part of the paths",
      },
      inputDir: {
        group: "Foreground",
        type: "string",
        default: "",
        description: "folder of extract-features: component, threshold and features",
      },
      outputDir: { group: "Output", type: "string", description: "folder of fg_ratios.txt" },
      from: {
        group: "Images",
        type: "string",
        enum: ["features", "images"],
        default: "features",
        description:
          "stored features, or images by the network of --input-dir; without that, by --model",
      },
      pcaVectors: {
        group: "Foreground",
        type: "string",
        default: "",
        description: "component, float32 [D,1] in an .npy file; that of --input-dir when empty",
      },
      fgThre: {
        group: "Foreground",
        type: "number",
        description: "threshold; that of --input-dir when left out",
      },
      maskType: {
        group: "Foreground",
        type: "string",
        enum: ["gt", "lt"],
        default: "gt",
        description: "foreground are scores greater than the threshold, or those that are not",
      },
      loaders: {
        group: "Images",
        type: "integer",
        minimum: 0,
        maximum: 256,
        default: 0,
        description: "threads that decode; 0 uses the native pool",
      },
      workers: { ...WORKERS, group: "Images" },
      ...TOKEN_NETWORK_OPTIONS,
      batchSize: {
        group: "Device",
        type: "integer",
        minimum: 1,
        default: 512,
        description: "images that are written at a time, and in a run at most",
      },
      model: {
        group: "Network",
        type: "string",
        description:
          `${TOKEN_NETWORK_OPTIONS.model.description}; that of --input-dir when left out, or else ${TOKEN_NETWORK_OPTIONS.model.default}`,
      },
    },
  },
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

/** What a computation of ratios leaves, for people. */
function format({ finished, path, computed, present, without }: RatioOutcome): string {
  if (!finished) return `stopped; the same command resumes from here: ${path}`;
  return `ratios of ${counted(computed, "image")}, ${
    counted(present, "was", "were")
  } there already` +
    `${without > 0 ? `, ${counted(without, "has", "have")} none` : ""}: ${path}`;
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { values } = parsed;
  if (await ranOnWorkers("fg-ratio", args, values.workers)) return;
  await inRanks(async (group) => {
    const leads = group === undefined || group.rank === 0;
    using display = new MaskingDisplay();
    using interrupt = interruptSignal(leads ? undefined : () => {});
    const outcome = await computeRatios({
      ...values,
      workers: values.loaders,
      images: values.inputList,
      network: values,
      ...await openRankPlacement(values, group),
    }, { signal: interrupt.signal, report: (event) => display.show(event), group });
    if (!leads) return;
    display[Symbol.dispose]();
    console.log(format(outcome));
    if (outcome.refused.length > 0) Deno.exitCode = 1;
  });
}

if (import.meta.main) await runTask(main);
