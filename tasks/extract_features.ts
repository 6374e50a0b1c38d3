/**
 * `deno task extract-features`: features of images, and what is foreground in them.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewRangeError } from "../core/errors/mod.ts";
import { join } from "node:path";
import type { TokenNetwork } from "../core/encoders/token_encoder.ts";
import type { Dataset } from "../core/data/mod.ts";
import type { DType } from "../core/engine/graph/dtype.ts";
import { resolveDevice } from "../core/engine/ort/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { thresholdOption } from "./component_option.ts";
import { openData } from "../core/data/mod.ts";
import {
  analyze,
  checkRecord,
  type ExtractionOptions,
  extractMissing,
  sampleIndices,
  type ThresholdRule,
} from "./extraction.ts";
import { FEATURE_DTYPES, FeatureFiles } from "./feature_files.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { ANALYSIS_FILES, PICTURE_FOLDERS, writeAnalysis, writePictures } from "./mask_outputs.ts";
import { imagesRoot, subset, uniqueIndices } from "./token_batches.ts";
import {
  openTokenNetwork,
  TOKEN_NETWORK_OPTIONS,
  type TokenNetworkChoice,
  weightsIdentity,
} from "./token_network_option.ts";

const COMMAND: Command = {
  name: "extract-features",
  summary:
    "Extracts the tokens of images by CLIP or a backbone of ours, finds the principal component of a sample's tokens " +
    "and the threshold above which they are foreground. What is there already is not extracted again: the same command " +
    "goes on where it was stopped.",
  examples: [
    {
      command: "deno task extract-features --input-list sample.txt --num-vis 20",
      does: "10,000 images of a list by ViT-H-14, into pca_results/ViT-H-14-laion2b_s32b_b79k",
    },
    {
      command:
        "deno task extract-features --input-list photos/ --model convnext_base_w --num-extract 500",
      does: "500 images of a folder, drawn by --seed; the encoder of the quality weights",
    },
    {
      command: "deno task extract-features --input-list emoji-google --model runs/demo",
      does: "by the backbone of a run of ours; its patches are the pixels of the last map",
    },
    {
      command: "deno task extract-features --input-list train.txt --num-extract -1",
      does: "features of a whole list and no analysis; fg-ratio --from images needs none stored",
    },
  ],
  options: {
    type: "object",
    required: ["inputList"],
    properties: {
      inputList: {
        type: "string",
        description: "list file of paths, folder of images, emoji-google or emoji-twitter",
      },
      numExtract: {
        type: "integer",
        minimum: -1,
        default: 10000,
        description: "images that are drawn for the analysis; -1 extracts all and analyses none",
      },
      numVis: {
        type: "integer",
        minimum: 0,
        default: 10,
        description: "images of which masks and maps are drawn",
      },
      outputDir: {
        type: "string",
        default: "pca_results",
        description: "folder; results go into a folder of the network's name in it",
      },
      batchSize: {
        type: "integer",
        minimum: 1,
        default: 1024,
        description: "images in a run, at most; a device takes no more than it gains by",
      },
      fgThre: {
        type: "string",
        default: "",
        description: "threshold of the masks; found by the scores when empty",
      },
      foregroundShare: {
        type: "number",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.4,
        description: "share of all tokens that the threshold leaves as foreground",
      },
      compat: {
        type: "string",
        enum: ["none", "genview"],
        default: "none",
        description:
          "genview: the original program's threshold, to the bit, which leaves about 36 %",
      },
      flip: {
        type: "boolean",
        default: false,
        description: "turn the component round, if the masks show the background",
      },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of the drawing" },
      dtype: {
        type: "string",
        enum: FEATURE_DTYPES,
        default: "float16",
        description: "element type of the stored features",
      },
      workers: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "threads that decode; 0 uses the native pool",
      },
      overwrite: {
        type: "boolean",
        default: false,
        description: "replace an earlier analysis; features stay",
      },
      ...TOKEN_NETWORK_OPTIONS,
    },
  },
};

interface Values extends TokenNetworkChoice {
  readonly inputList: string;
  readonly numExtract: number;
  readonly numVis: number;
  readonly outputDir: string;
  readonly batchSize: number;
  readonly fgThre: string;
  readonly foregroundShare: number;
  readonly compat: "none" | "genview";
  readonly flip: boolean;
  readonly seed: number;
  readonly dtype: DType;
  readonly workers: number;
  readonly overwrite: boolean;
  readonly device: string;
  readonly threads: number;
}

function thresholdRule({ fgThre, compat, foregroundShare }: Values): ThresholdRule {
  const value = thresholdOption(fgThre);
  if (value !== undefined) return { kind: "given", value };
  return compat === "genview" ? { kind: "genview" } : { kind: "quantile", share: foregroundShare };
}

/** Stands in a folder while an analysis is being written, so that what a killed one left can be told and replaced. */
const UNFINISHED = "analysis.unfinished";

async function exists(path: string): Promise<boolean> {
  const found = await ifThere(Deno.stat(path));
  return found !== undefined;
}

/** Refuses to replace an earlier analysis, before anything is done. */
async function checkFree(folder: string): Promise<void> {
  for (const name of [...ANALYSIS_FILES, ...PICTURE_FOLDERS, "overview.png"]) {
    const path = join(folder, name);
    if (!await exists(path)) continue;
    throw new GenviewAlreadyExists(
      `Cannot analyse features in ${folder}: ${path} exists; --overwrite replaces the analysis ` +
        "and keeps the features, another --output-dir keeps both",
    );
  }
}

/** Everything that is done once network and images are open. */
async function extract(
  network: TokenNetwork,
  dataset: Dataset,
  values: Values,
  options: ExtractionOptions,
): Promise<void> {
  const { numExtract, numVis, flip, overwrite, seed } = values;
  const rule = thresholdRule(values);
  const all = uniqueIndices(dataset);
  if (numExtract > all.length) {
    options.note(`all ${all.length} images are taken; there are no more`);
  }
  const indices = numExtract < 0 ? all : sampleIndices(all, numExtract, seed);
  const { folder } = options;
  const replace = overwrite || await exists(join(folder, UNFINISHED));
  if (numExtract >= 0 && !replace) await checkFree(folder);
  await checkRecord(folder, {
    network: network.name,
    weights: await weightsIdentity(network),
    images: await imagesRoot(values.inputList, dataset),
    imageSize: network.view.size,
    grid: network.grid,
    width: network.width,
    dtype: options.dtype,
  });
  if (!await extractMissing(network, dataset, indices, options)) {
    options.note("stopped; the same command goes on from here");
    return;
  }
  if (numExtract < 0) return options.note(`features of ${indices.length} images: ${folder}`);
  const files = new FeatureFiles(folder);
  const readable: number[] = [];
  for (const index of indices) {
    if (await files.has(dataset.sample(index).key)) readable.push(index);
  }
  const keys = readable.map((index) => dataset.sample(index).key);
  const analysis = await analyze(network, keys, rule, flip, options);
  const context = { folder, network, rule, flip, overwrite: replace };
  await Deno.writeTextFile(join(folder, UNFINISHED), "");
  for (const name of replace ? PICTURE_FOLDERS : []) {
    await ifThere(Deno.remove(join(folder, name), { recursive: true }));
  }
  await writePictures(analysis, subset(dataset, readable.slice(0, numVis)), context);
  const said = await writeAnalysis(analysis, context);
  await Deno.remove(join(folder, UNFINISHED));
  const { decidedBy, border, inside } = said.orientation;
  console.log(
    `threshold ${said.threshold}: ${(100 * said.foregroundShare).toFixed(2)} % of the tokens of ` +
      `${said.images} images are foreground\n` +
      `foreground side by ${decidedBy}${flip ? ", flipped" : ""}: mean score ${
        border.toFixed(4)
      } on the ` +
      `border, ${inside === null ? "nothing" : inside.toFixed(4)} inside; see ${folder}`,
  );
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(
    COMMAND,
    args,
    (text) => console.log(text),
  );
  if (parsed === undefined) return;
  const values = parsed.values as unknown as Values;
  if (values.numExtract === 0) {
    throw new GenviewRangeError(
      "Cannot extract features: --num-extract must be -1 or at least 1, found 0",
    );
  }
  thresholdRule(values);
  const device = resolveDevice(values.device);
  const dataset = await openData(values.inputList, { redraw: false });
  const network = await openTokenNetwork(values);
  using interrupt = interruptSignal();
  await extract(network, dataset, values, {
    folder: join(values.outputDir, network.name),
    dtype: values.dtype,
    batchSize: values.batchSize,
    device,
    ...(values.threads > 0 && { threads: values.threads }),
    workers: values.workers,
    signal: interrupt.signal,
    note: (text) => console.error(text),
  });
}

if (import.meta.main) await runTask(main);
