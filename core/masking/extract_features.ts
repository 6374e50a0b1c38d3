/**
 * Features of images on disk, and what is foreground in them.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewAlreadyExists, GenviewRangeError } from "../errors/mod.ts";
import { type Dataset, openData, spreadSamples, subset, uniqueIndices } from "../data/mod.ts";
import {
  openTokenNetwork,
  type TokenNetwork,
  type TokenNetworkChoice,
  weightsIdentity,
} from "../encoders/mod.ts";
import { inShares, type ProcessGroup } from "../distributed/mod.ts";
import { CPU, type Device, type Placement, trustDevice, withoutTf32 } from "../engine/ort/mod.ts";
import { RandomStream } from "../engine/random/random_stream.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { FolderLock } from "../files/folder_lock.ts";
import { ifThere } from "../files/if_there.ts";
import { removeTemporaries } from "../files/new_file.ts";
import { checkWithinFolder } from "../files/within_folder.ts";
import {
  ANALYSIS_FILES,
  type AnalysisRequest,
  isAnalysisOf,
  readAnalysis,
  sampleOf,
  type ThresholdFile,
  writeAnalysis,
} from "./analysis_files.ts";
import { OVERVIEW, PICTURE_FOLDERS, writePictures } from "./analysis_pictures.ts";
import { analyze, type ThresholdRule } from "./analyze.ts";
import type { ExtractionEvent } from "./extraction_event.ts";
import { checkExtractionRecord, writeExtractionRecord } from "./extraction_record.ts";
import { extractMissing } from "./extract_missing.ts";
import { type FeatureDType, FeatureFiles } from "./feature_files.ts";
import { choiceToRecord } from "./recorded_network.ts";
import { imagesRoot } from "./token_batches.ts";

/** What {@linkcode extractFeatures} extracts, and how. */
export interface ExtractFeaturesOptions extends Partial<Placement> {
  /**
   * The network whose tokens are the features, or what `openTokenNetwork` opens it by; that is kept in `extraction.json`,
   * so that it can be opened again.
   */
  readonly network: TokenNetwork | TokenNetworkChoice;
  /** The images: a data set, or a name as {@linkcode openData} takes it. */
  readonly images: Dataset | string;
  /** Results go into a folder of the network's name in this one. */
  readonly outputDir: string;
  /** Images that are drawn for the analysis; when left out, all are extracted and nothing is analysed. */
  readonly numExtract?: number | undefined;
  /** Images of which masks and maps are drawn, of all classes alike (default 10). */
  readonly numVis?: number | undefined;
  /** How the threshold is found (default the one that leaves 40 % of the tokens as foreground). */
  readonly rule?: ThresholdRule | undefined;
  /** Whether the component is negated after it was oriented (default false). */
  readonly flip?: boolean | undefined;
  /** Seed of the drawing (default 0). */
  readonly seed?: number | undefined;
  /** Element type of the stored features (default float16). */
  readonly dtype?: FeatureDType | undefined;
  /** Images in a run, at most (default 1024); a device takes no more than it gains by. */
  readonly batchSize?: number | undefined;
  /** Threads that decode; 0 (the default) uses the native pool. */
  readonly workers?: number | undefined;
  /** Whether an earlier analysis is replaced (default false); features stay. */
  readonly overwrite?: boolean | undefined;
}

/** How an extraction is stopped and followed. */
export interface ExtractionControl {
  /** Ends the extraction after the batch that is under way; the same call resumes there. */
  readonly signal?: AbortSignal | undefined;
  /** Receives progress and warnings; of several ranks, on the first, for all. */
  readonly report?: ((event: ExtractionEvent) => void) | undefined;
  /**
   * Ranks that extract together, each a part of the images; the first analyses all, as one process does. All must ask for
   * the same, and a stop signal to one stops all.
   */
  readonly group?: ProcessGroup | undefined;
}

/** What {@linkcode extractFeatures} leaves. */
export interface ExtractionOutcome {
  /** Folder of the features and of their analysis. */
  readonly folder: string;
  /** Whether everything was done; not so if the signal ended it. */
  readonly finished: boolean;
  /** Images whose features are in the folder. */
  readonly images: number;
  /** Keys of images of which not all could be stored, because the file system takes no file of their name. */
  readonly refused: readonly string[];
  /** What the analysis found, unless none was asked for. */
  readonly analysis?: ThresholdFile;
}

const FOREGROUND_SHARE = 0.4;

/**
 * Indices of `count` samples out of all, drawn without repetition and put in order.
 *
 * @param all indices to draw from
 */
export function sampleIndices(all: readonly number[], count: number, seed: number): number[] {
  if (count >= all.length) return [...all];
  const order = new RandomStream(seed, "extract features").permutation(all.length);
  return Array.from(order.subarray(0, count), (i) => all[i]!).sort((a, b) => a - b);
}

/** Refuses to replace files that no extraction of ours has left, or another analysis. */
async function checkFree(folder: string): Promise<void> {
  for (const name of [...ANALYSIS_FILES, ...PICTURE_FOLDERS, OVERVIEW]) {
    const path = join(folder, name);
    const found = await explainingFileErrors(`read ${path}`, ifThere(Deno.lstat(path)));
    if (found === undefined) continue;
    throw new GenviewAlreadyExists(
      `Cannot analyse features in ${folder}: ${path} exists and belongs to another analysis; ` +
        "--overwrite replaces the analysis and keeps the features, another --output-dir keeps both",
    );
  }
}

/** Removes an analysis. The file that stands for all goes first, so that what is left counts as unfinished. */
async function removeAnalysis(folder: string): Promise<void> {
  for (const name of [...ANALYSIS_FILES.toReversed(), ...PICTURE_FOLDERS, OVERVIEW]) {
    const path = join(folder, name);
    await explainingFileErrors(`remove ${path}`, ifThere(Deno.remove(path, { recursive: true })));
  }
  // A killed process may have left half of a component there.
  await ifThere(removeTemporaries(join(folder, "eigenvectors")));
}

/** Opens a network that is chosen, and says by what it can be opened again. */
async function openNetwork(
  network: TokenNetwork | TokenNetworkChoice,
): Promise<{ readonly network: TokenNetwork; readonly model?: TokenNetworkChoice }> {
  if ("createSession" in network) return { network };
  const opened = await openTokenNetwork(network);
  return { network: opened, model: await choiceToRecord(network, opened.weightsFile) };
}

/** The device of an extraction: without TF32, unless its options turn it on, where the figures are to be the original program's. */
async function deviceFor(rule: ThresholdRule, given: Device): Promise<Device> {
  if (rule.kind !== "genview") return given;
  const device = withoutTf32(given);
  // What was known to compute rightly is the device with the options that it came with.
  await trustDevice(device);
  return device;
}

/** Keys of the images that have features, and where each stands in the data set. */
async function storedOf(
  dataset: Dataset,
  indices: readonly number[],
  folder: string,
): Promise<{ readonly keys: string[]; readonly stored: number[] }> {
  const files = new FeatureFiles(folder);
  const keys: string[] = [];
  const stored: number[] = [];
  for (const index of indices) {
    const { key } = dataset.sample(index);
    if (!await files.has(key)) continue;
    keys.push(key);
    stored.push(index);
  }
  return { keys, stored };
}

/**
 * Extracts the tokens of images by a frozen network, finds the principal component of a sample's tokens and the threshold
 * above which they are foreground, and writes all of it with pictures of some masks.
 *
 * What is there already is not done again: the same call resumes where an earlier one was stopped or killed, at whatever
 * point, and ends with the same files. The folder is locked meanwhile. Several ranks leave what one process leaves.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf } from "../data/mod.ts";
 * import { backboneTokenNetwork } from "../encoders/mod.ts";
 * import { backbone } from "../backbones/mod.ts";
 * import { input } from "../engine/graph/value.ts";
 * import { Scope } from "../engine/nn/scope.ts";
 * import { IMAGENET_NORMALIZATION } from "../data/views/presets.ts";
 *
 * // A small network of random weights, and squares on a dark ground.
 * const vit = backbone("vit_tiny_patch16_224");
 * const scope = new Scope();
 * vit.apply(scope, input("images", "float32", [1, 3, 64, 64]));
 * const network = backboneTokenNetwork(vit, scope.initialize(0), {
 *   name: "tiny",
 *   size: 64,
 *   normalize: IMAGENET_NORMALIZATION,
 * });
 * const squares = datasetOf("squares", 4, (i) => ({
 *   key: `${i}`,
 *   source: {
 *     kind: "rendered",
 *     name: `${i}`,
 *     render: () => {
 *       const data = new Uint8Array(64 * 64 * 3).fill(20);
 *       for (let y = 16; y < 48; y++) data.fill(200 + 10 * i, (y * 64 + 16) * 3, (y * 64 + 48) * 3);
 *       return Promise.resolve({ width: 64, height: 64, data });
 *     },
 *   },
 * }));
 *
 * const outputDir = await Deno.makeTempDir();
 * const options = { network, images: squares, outputDir, numExtract: 4, numVis: 2 };
 * const stopped = await extractFeatures(options, { signal: AbortSignal.abort() });
 * assertEquals(stopped.finished, false);
 * const { finished, images, folder } = await extractFeatures(options);
 * assertEquals([finished, images, folder], [true, 4, `${outputDir}/tiny`]);
 * await Deno.remove(outputDir, { recursive: true });
 * ```
 *
 * @throws {RangeError} if `numExtract` is less than 1
 * @throws {TypeError} if images or network are not at hand
 * @throws {TypeError} if the folder holds features of other images or of another network
 * @throws {Deno.errors.AlreadyExists} if it holds another analysis and `overwrite` is not set, or another process is at
 * work there
 * @throws {GenviewError} if the system refuses to write, or operators are wrong on the device without TF32
 */
export async function extractFeatures(
  options: ExtractFeaturesOptions,
  { signal, report, group }: ExtractionControl = {},
): Promise<ExtractionOutcome> {
  const { images, numExtract, numVis = 10, seed = 0, flip = false } = options;
  const { rule = { kind: "quantile", share: FOREGROUND_SHARE }, dtype = "float16" } = options;
  const { threads, workers, batchSize = 1024, overwrite = false } = options;
  if (numExtract !== undefined && !(numExtract >= 1)) {
    throw new GenviewRangeError(
      `Cannot extract features: --num-extract must be -1 or at least 1, found ${numExtract}`,
    );
  }
  const device = await deviceFor(rule, options.device ?? CPU);
  const dataset = typeof images === "string" ? await openData(images) : images;
  const { network, model } = await openNetwork(options.network);
  const folder = join(options.outputDir, network.name);
  const all = uniqueIndices(dataset);
  const indices = numExtract === undefined ? all : sampleIndices(all, numExtract, seed);
  const record = {
    network: network.name,
    weights: await weightsIdentity(network),
    images: await imagesRoot(dataset),
    imageSize: network.view.size,
    shorterSide: network.view.shorterSide,
    grid: network.grid,
    width: network.width,
    dtype,
    ...(model && { model }),
  };
  const request: AnalysisRequest = {
    network: network.name,
    grid: network.grid,
    rule,
    flip,
    sample: sampleOf(indices.map((index) => dataset.sample(index).key), numVis),
  };
  const leads = group === undefined || group.rank === 0;
  /** What is there already of the analysis that is asked for. */
  const prepare = async (): Promise<ThresholdFile | undefined> => {
    await removeTemporaries(folder);
    const before = await checkExtractionRecord(folder, record);
    const earlier = await readAnalysis(folder);
    const isThere = earlier !== undefined && isAnalysisOf(earlier, request);
    if (numExtract !== undefined && (overwrite || !isThere)) {
      const components = join(folder, "eigenvectors");
      await checkWithinFolder(folder, [components], "replace an analysis", "--output-dir");
    }
    if (numExtract !== undefined && !overwrite && !isThere) {
      // Without threshold.json, what an extraction of ours has left is an unfinished analysis.
      if (before === undefined || earlier !== undefined) await checkFree(folder);
    }
    if (before === undefined) await writeExtractionRecord(folder, record);
    if (numExtract !== undefined && numExtract > all.length) {
      report?.({ kind: "all images", images: all.length });
    }
    return isThere && !overwrite ? earlier : undefined;
  };
  using _lock = leads ? await FolderLock.acquire(folder) : undefined;
  const there = leads ? await prepare() : undefined;
  const placement = { device, threads };
  const { finished, refused } = await extractMissing(network, dataset, indices, {
    ...{ ...placement, folder, dtype, batchSize, workers, signal, report, group },
  });
  /** Analyses all features, in the same order whoever has extracted them. */
  const finish = async (
    report: ExtractionControl["report"],
  ): Promise<ExtractionOutcome> => {
    const { keys, stored } = await storedOf(dataset, indices, folder);
    const outcome = { folder, finished, images: keys.length, refused };
    if (!finished || numExtract === undefined) return outcome;
    if (there !== undefined) return { ...outcome, analysis: there };
    const analysis = await analyze(network, keys, { ...placement, folder, rule, flip, report });
    await removeAnalysis(folder);
    const shown = spreadSamples(dataset, stored, numVis);
    const places = shown.map((index) => stored.indexOf(index));
    const hidden = await writePictures(
      ...[folder, network, analysis, places, subset(dataset, shown), report] as const,
    );
    return {
      ...outcome,
      refused: [...new Set([...refused, ...hidden])],
      analysis: await writeAnalysis(folder, analysis, request),
    };
  };
  if (group === undefined) return await finish(report);
  const own = await inShares<ExtractionEvent, ExtractionOutcome | null>(
    group,
    async (share) => leads ? await finish(share.report) : null,
    { take: (event) => report?.(event) },
  );
  const [outcome] = await group.allGatherValues(own);
  return outcome!;
}
