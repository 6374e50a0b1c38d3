/**
 * `deno task fg-ratio`: the share of foreground of each image.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { TokenEncoder, type TokenNetwork } from "../core/encoders/token_encoder.ts";
import { type Dataset, datasetOf, fileSource, openImageList } from "../core/data/mod.ts";
import { type Device, resolveDevice } from "../core/engine/ort/mod.ts";
import { bytesOf, type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { foregroundRatios, type MaskType, tokenScores } from "../core/masking/mod.ts";
import type { RatioLine } from "../core/noise/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import {
  findComponent,
  readComponent,
  readThreshold,
  thresholdOption,
} from "./component_option.ts";
import { openData } from "../core/data/mod.ts";
import { FeatureFiles } from "./feature_files.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { RatioFile } from "./ratio_file.ts";
import {
  encodeDataset,
  imageProgress,
  imagesRoot,
  runSize,
  subset,
  uniqueIndices,
} from "./token_batches.ts";
import {
  openTokenNetwork,
  TOKEN_NETWORK_OPTIONS,
  type TokenNetworkChoice,
  weightsIdentity,
} from "./token_network_option.ts";

const COMMAND: Command = {
  name: "fg-ratio",
  summary:
    "Writes the share of foreground tokens of each image as lines of path and ratio to fg_ratios.txt; it goes on where " +
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
  ],
  options: {
    type: "object",
    required: ["inputList", "outputDir"],
    properties: {
      inputList: {
        type: "string",
        description: "list file of paths, folder of images, emoji-google or emoji-twitter",
      },
      inputPrefix: {
        type: "string",
        default: "",
        description: "folder that the list's relative paths are in; it becomes a part of the paths",
      },
      inputDir: {
        type: "string",
        default: "",
        description: "folder of extract-features: component, threshold and features",
      },
      outputDir: { type: "string", description: "folder of fg_ratios.txt" },
      from: {
        type: "string",
        enum: ["features", "images"],
        default: "features",
        description: "stored features, or images by --model",
      },
      pcaVectors: {
        type: "string",
        default: "",
        description: "component, float32 [D,1] in an .npy file; that of --input-dir when empty",
      },
      fgThre: {
        type: "string",
        default: "",
        description: "threshold; that of --input-dir when empty",
      },
      maskType: {
        type: "string",
        enum: ["gt", "lt"],
        default: "gt",
        description: "foreground are scores greater than the threshold, or those that are not",
      },
      batchSize: {
        type: "integer",
        minimum: 1,
        default: 512,
        description: "images that are written at a time, and in a run at most",
      },
      workers: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "threads that decode; 0 uses the native pool",
      },
      ...TOKEN_NETWORK_OPTIONS,
    },
  },
};

interface Values extends TokenNetworkChoice {
  readonly inputList: string;
  readonly inputPrefix: string;
  readonly inputDir: string;
  readonly outputDir: string;
  readonly from: "features" | "images";
  readonly pcaVectors: string;
  readonly fgThre: string;
  readonly maskType: MaskType;
  readonly batchSize: number;
  readonly workers: number;
  readonly device: string;
  readonly threads: number;
}

/** How ratios come from scores. */
interface Division {
  readonly component: Float32Array<ArrayBuffer>;
  readonly threshold: number;
  readonly maskType: MaskType;
}

/** What a pass over images does with what it finds. */
interface Pass {
  readonly division: Division;
  readonly file: RatioFile;
  readonly values: Values;
  readonly device: Device;
  readonly signal: AbortSignal;
}

/** Opens the images; a prefix becomes a part of the paths that are written. */
async function openImages({ inputList, inputPrefix, from }: Values): Promise<Dataset> {
  const files = from === "images";
  if (inputPrefix === "") return await openData(inputList, { redraw: false, files });
  const listed = await openImageList(inputList, { root: inputPrefix, files });
  return datasetOf(listed.name, listed.length, (index) => {
    const { key, ...sample } = listed.sample(index);
    const path = key.startsWith("/") ? key : join(inputPrefix, key);
    return { ...sample, key: path, source: fileSource(path) };
  });
}

function ratioLines(
  keys: readonly string[],
  scores: Tensor<"float32">,
  { threshold, maskType }: Division,
): RatioLine[] {
  const ratios = foregroundRatios(scores, threshold, maskType).data;
  return keys.map((path, i) => ({ path, ratio: ratios[i]! }));
}

/** Ratios from stored features; gives the number of images that have none. */
async function fromFeatures(dataset: Dataset, pass: Pass): Promise<number> {
  const { division, file, values, signal } = pass;
  const files = new FeatureFiles(values.inputDir);
  using progress = imageProgress(dataset.length);
  let missing = 0;
  let lines: RatioLine[] = [];
  for (let i = 0; i < dataset.length && !signal.aborted; i++) {
    const { key } = dataset.sample(i);
    const tokens = await ifThere(files.read(key, division.component.length));
    if (tokens === undefined) {
      if (missing++ < 5) progress.note(`warning: no features of ${key}: ${files.path(key)}`);
    } else {
      const { data } = tokenScores(tokens, division.component);
      lines.push(...ratioLines([key], tensor("float32", [1, data.length], data), division));
    }
    if (lines.length >= values.batchSize) {
      await file.append(lines);
      lines = [];
    }
    progress.update(i + 1, { missing });
  }
  await file.append(lines);
  return missing;
}

/** Ratios from images; gives the number of images that cannot be read. */
async function fromImages(network: TokenNetwork, dataset: Dataset, pass: Pass): Promise<number> {
  const { division, file, values, device, signal } = pass;
  const batchSize = runSize(values.batchSize, dataset.length, device);
  using encoder = await TokenEncoder.create(network, {
    batchSize,
    device,
    projection: division.component,
    ...(values.threads > 0 && { threads: values.threads }),
  });
  using progress = imageProgress(dataset.length);
  let [done, unreadable] = [0, 0];
  const { workers } = values;
  const onWarning = (text: string) => {
    unreadable++;
    progress.note(`warning: ${text}`);
  };
  const batches = encodeDataset(encoder, dataset, { batchSize, workers, signal, onWarning });
  for await (const { keys, encoded } of batches) {
    await file.append(ratioLines(keys, encoded, division));
    progress.update(done += keys.length, { unreadable });
  }
  return unreadable;
}

async function divisionOf(values: Values): Promise<Division> {
  const { inputDir, pcaVectors, maskType } = values;
  if (inputDir === "" && (pcaVectors === "" || values.from === "features")) {
    throw new GenviewTypeError(
      'Cannot compute ratios: --input-dir must name a folder of "deno task extract-features", found none',
    );
  }
  return {
    component: await readComponent(pcaVectors || await findComponent(inputDir)),
    threshold: thresholdOption(values.fgThre) ?? await readThreshold(inputDir),
    maskType,
  };
}

/** Refuses stored features of other images, which may have the same relative paths. */
async function checkImages(inputDir: string, root: string): Promise<void> {
  const path = join(inputDir, "extraction.json");
  const text = await ifThere(Deno.readTextFile(path));
  const images: unknown = text === undefined ? undefined : JSON.parse(text).images;
  if (images === undefined || images === root) return;
  throw new GenviewTypeError(
    `Cannot use the features of ${inputDir}: its images' paths are relative to ${images}, found those of ${root}`,
  );
}

/** What lines of the file were computed by. */
function recordOf({ component, threshold, maskType }: Division, source: string, images: string) {
  const bytes = bytesOf(tensor("float32", [component.length], component));
  const digits = createHash("sha256").update(bytes).digest("hex");
  return { source, images, component: digits, threshold, maskType };
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
  const division = await divisionOf(values);
  const device = resolveDevice(values.device);
  const dataset = await openImages(values);
  const network = values.from === "images" ? await openTokenNetwork(values) : undefined;
  if (network !== undefined && network.width !== division.component.length) {
    throw new GenviewTypeError(
      `Cannot compute ratios: the component must have the ${network.width} coordinates of ` +
        `${network.name}'s tokens, found ${division.component.length}`,
    );
  }
  const root = await imagesRoot(values.inputPrefix || values.inputList, dataset);
  if (network === undefined) await checkImages(values.inputDir, root);
  using file = await RatioFile.open(
    values.outputDir,
    recordOf(
      division,
      network
        ? await weightsIdentity(network)
        : `features of ${await Deno.realPath(values.inputDir)}`,
      root,
    ),
  );
  const all = uniqueIndices(dataset);
  const left = all.filter((index) => !file.done.has(dataset.sample(index).key));
  using interrupt = interruptSignal();
  const pass = { division, file, values, device, signal: interrupt.signal };
  const images = subset(dataset, left);
  const without = left.length === 0
    ? 0
    : network === undefined
    ? await fromFeatures(images, pass)
    : await fromImages(network, images, pass);
  if (interrupt.signal.aborted) {
    console.log(`stopped; the same command goes on from here: ${file.path}`);
    return;
  }
  console.log(
    `ratios of ${left.length - without} images, ${all.length - left.length} were there already` +
      `${without > 0 ? `, ${without} have none` : ""}: ${file.path}`,
  );
}

if (import.meta.main) await runTask(main);
