/**
 * `deno task extract-features`: features of images, and what is foreground in them.
 *
 * @module
 */
import { TOKEN_NETWORK_OPTIONS } from "../core/encoders/mod.ts";
import { openRankPlacement } from "../core/distributed/mod.ts";
import {
  extractFeatures,
  type ExtractionOutcome,
  FEATURE_DTYPES,
  type ThresholdRule,
} from "../core/masking/mod.ts";
import { counted, type ValuesOf } from "../core/schema/mod.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { MaskingDisplay } from "./cli/masking_display.ts";
import { inRanks } from "./cli/ranks.ts";
import { ranOnWorkers, WORKERS } from "./cli/workers.ts";

const COMMAND = command({
  name: "extract-features",
  summary:
    "Extracts the tokens of images by CLIP or a backbone of your own, finds the principal component of a sample's tokens " +
    "and the threshold above which they are foreground. What is there already is not extracted again: the same command " +
    "resumes where it was stopped.",
  examples: [
    {
      command: "deno task extract-features --input-list sample.txt --num-vis 20",
      does: "10,000 images of a list by ViT-H-14, into pca_results/ViT-H-14-laion2b_s32b_b79k",
    },
    {
      command:
        "deno task extract-features --input-list photos/ --model convnext_base_w --num-extract 500",
      does: "500 images of a folder, sampled by --seed; the encoder of the quality weights",
    },
    {
      command: "deno task extract-features --input-list emoji-google --model runs/demo",
      does: "by the backbone of a run; its patches are the pixels of the last map",
    },
    {
      command: "deno task extract-features --input-list train.txt --num-extract -1",
      does: "features of a whole list and no analysis; fg-ratio --from images needs none stored",
    },
    {
      command: "mpirun -np 8 deno task extract-features --input-list sample.txt",
      does:
        "each process takes a part of the images, on a GPU of its own; results are those of one",
    },
  ],
  options: {
    type: "object",
    required: ["inputList"],
    properties: {
      inputList: {
        group: "Images",
        type: "string",
        description:
          "list file of paths, folder of images, shards (.tar or .parquet), emoji-google or emoji-twitter",
      },
      numExtract: {
        group: "Images",
        type: "integer",
        minimum: -1,
        default: 10000,
        description: "images that are sampled for the analysis; -1 extracts all and analyses none",
      },
      numVis: {
        group: "Output",
        type: "integer",
        minimum: 0,
        default: 10,
        description: "images of which masks and maps are drawn, of all classes alike",
      },
      outputDir: {
        group: "Output",
        type: "string",
        default: "pca_results",
        description: "folder; results go into a folder of the network's name in it",
      },
      fgThre: {
        group: "Foreground",
        type: "number",
        description: "threshold of the masks; found by the scores when left out",
      },
      foregroundShare: {
        group: "Foreground",
        type: "number",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.4,
        description: "share of all tokens that the threshold leaves as foreground",
      },
      compat: {
        group: "Foreground",
        type: "string",
        enum: ["none", "genview"],
        default: "none",
        description:
          "genview: the original program's threshold, to the bit, which leaves about 36 %; TF32 is off on CUDA",
      },
      flip: {
        group: "Foreground",
        type: "boolean",
        default: false,
        description: "negate the component, where the masks show the background",
      },
      seed: {
        group: "Images",
        type: "integer",
        minimum: 0,
        default: 0,
        description: "seed of the sampling",
      },
      dtype: {
        group: "Output",
        type: "string",
        enum: FEATURE_DTYPES,
        default: "float16",
        description: "element type of the stored features",
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
      overwrite: {
        group: "Output",
        type: "boolean",
        default: false,
        description: "replace an earlier analysis; features stay",
      },
      ...TOKEN_NETWORK_OPTIONS,
      batchSize: {
        group: "Device",
        type: "integer",
        minimum: 1,
        default: 1024,
        description: "images in a run, at most; a device takes no more than it gains by",
      },
    },
  },
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

type Values = ValuesOf<typeof COMMAND.options>;

function thresholdRule({ fgThre, compat, foregroundShare }: Values): ThresholdRule {
  if (fgThre !== undefined) return { kind: "given", value: fgThre };
  return compat === "genview" ? { kind: "genview" } : { kind: "quantile", share: foregroundShare };
}

/** What an extraction leaves, for people. */
function format({ finished, folder, images, analysis }: ExtractionOutcome): string {
  if (!finished) return `stopped; the same command resumes from here: ${folder}`;
  if (analysis === undefined) return `features of ${counted(images, "image")}: ${folder}`;
  const { threshold, foregroundShare, orientation } = analysis;
  const { decidedBy, flipped, border, inside } = orientation;
  return `threshold ${threshold}: ${(100 * foregroundShare).toFixed(2)} % of the tokens of ` +
    `${counted(analysis.images, "image")} are foreground\n` +
    `foreground side by ${decidedBy}${flipped ? ", flipped" : ""}: mean score ${
      border.toFixed(4)
    } on the border, ${inside === null ? "nothing" : inside.toFixed(4)} inside; see ${folder}`;
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { values } = parsed;
  if (await ranOnWorkers("extract-features", args, values.workers)) return;
  await inRanks(async (group) => {
    const leads = group === undefined || group.rank === 0;
    using display = new MaskingDisplay();
    using interrupt = interruptSignal(leads ? undefined : () => {});
    const outcome = await extractFeatures({
      ...values,
      workers: values.loaders,
      images: values.inputList,
      network: values,
      ...await openRankPlacement(values, group),
      numExtract: values.numExtract === -1 ? undefined : values.numExtract,
      rule: thresholdRule(values),
    }, { signal: interrupt.signal, report: (event) => display.show(event), group });
    if (!leads) return;
    display[Symbol.dispose]();
    console.log(format(outcome));
    if (outcome.refused.length > 0) Deno.exitCode = 1;
  });
}

if (import.meta.main) await runTask(main);
