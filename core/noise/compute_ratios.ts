/**
 * Foreground ratios of images, from the images themselves or from stored features.
 *
 * @module
 */
import { join } from "node:path";
import {
  type Dataset,
  datasetOf,
  fileSource,
  isShardName,
  normalizeKey,
  openData,
  openImageList,
  subset,
  uniqueIndices,
} from "../data/mod.ts";
import { inShares, type ProcessGroup, rankPart } from "../distributed/mod.ts";
import type { TokenNetwork } from "../encoders/token_encoder.ts";
import { weightsIdentity } from "../encoders/weights_identity.ts";
import { CPU, type Placement } from "../engine/ort/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { FolderLock } from "../files/folder_lock.ts";
import { removeTemporaries } from "../files/new_file.ts";
import {
  imagesRoot,
  type NetworkChoice,
  openRecordedNetwork,
  readExtractionRecord,
  runSize,
} from "../masking/mod.ts";
import {
  checkNetwork,
  componentDigest,
  type DivisionSource,
  openDivision,
} from "./foreground_division.ts";
import type { RatioEvent } from "./ratio_event.ts";
import { joinRatios, RatioFile } from "./ratio_file.ts";
import { RatioPass, type RatioRun } from "./ratio_pass.ts";

/** What {@linkcode computeRatios} computes, and how. */
export interface ComputeRatiosOptions extends DivisionSource, Partial<Placement> {
  /** The images: a data set, or a name as `openData` takes it. */
  readonly images: Dataset | string;
  /** Folder that a list's relative paths are in; it becomes a part of the paths that are written. */
  readonly inputPrefix?: string | undefined;
  /** Folder of `fg_ratios.txt`. */
  readonly outputDir: string;
  /** Whether ratios come from features that are stored in `inputDir` (default), or from the images by a network. */
  readonly from?: "features" | "images" | undefined;
  /**
   * The network that the images are encoded by, or what `openTokenNetwork` opens it by; where it names no model, the
   * network of the extraction in `inputDir`, or else ViT-H-14.
   */
  readonly network?: TokenNetwork | NetworkChoice | undefined;
  /** Images whose ratios are written at a time, and in a run at most (default 512). */
  readonly batchSize?: number | undefined;
  /** Threads that decode; 0 (the default) uses the native pool. */
  readonly workers?: number | undefined;
}

/** How a computation of ratios is stopped and followed. */
export interface RatioControl {
  /** Ends the computation after the batch that is under way; the same call resumes there. */
  readonly signal?: AbortSignal | undefined;
  /** Receives progress and warnings; of several ranks, on the first, for all. */
  readonly report?: ((event: RatioEvent) => void) | undefined;
  /**
   * Ranks that share the images, each a contiguous part of them, and leave the file that one process leaves. All must ask
   * for the same, and a stop signal to one stops all.
   */
  readonly group?: ProcessGroup | undefined;
}

/** What {@linkcode computeRatios} leaves. */
export interface RatioOutcome {
  /** Path of `fg_ratios.txt`. */
  readonly path: string;
  /** Whether all images were visited; not so if the signal ended it. */
  readonly finished: boolean;
  /** Images whose ratios were written. */
  readonly computed: number;
  /** Images whose ratios were there already. */
  readonly present: number;
  /** Images that have no features, cannot be read, or whose scores are not finite. */
  readonly without: number;
  /** Keys that cannot be written as a line, for a line break or white space at an end. */
  readonly refused: readonly string[];
}

/** Opens the images; a prefix becomes a part of the keys. */
async function openImages(
  { images, inputPrefix = "", from }: ComputeRatiosOptions,
): Promise<Dataset> {
  if (typeof images !== "string") return images;
  const files = from === "images";
  if (inputPrefix === "") return await openData(images, { files });
  if (isShardName(images)) {
    throw new GenviewTypeError(
      `Cannot compute ratios: --input-prefix is for the paths of a list, found shards, ${images}; leave it out`,
    );
  }
  const listed = await openImageList(images, { root: inputPrefix, files });
  return datasetOf(inputPrefix, listed.length, (index) => {
    const { key, ...sample } = listed.sample(index);
    const path = key.startsWith("/") ? key : normalizeKey(join(inputPrefix, key));
    return { ...sample, key: path, source: fileSource(path) };
  });
}

/** Opens the network that the images are encoded by; undefined if there are features of them. */
async function openNetwork(
  { from, network = {}, inputDir = "" }: ComputeRatiosOptions,
): Promise<TokenNetwork | undefined> {
  if (from !== "images") return undefined;
  return "createSession" in network ? network : await openRecordedNetwork(network, inputDir);
}

/** Refuses stored features of other images, which may have the same relative paths. */
async function checkImages(inputDir: string, root: string): Promise<void> {
  const images = (await readExtractionRecord(inputDir))?.images;
  if (images === undefined || images === root) return;
  throw new GenviewTypeError(
    `Cannot use the features of ${inputDir}: its images' paths are relative to ${images}, found those of ${root}`,
  );
}

/** What one process's pass has found. */
type PassCounts = Pick<RatioOutcome, "finished" | "computed" | "without" | "refused">;

/** A pass over the images of one process. */
type Pass = (
  images: Dataset,
  control: Pick<RatioControl, "signal" | "report">,
) => Promise<PassCounts>;

/** Images without a ratio in each rank's pass, and how many it has visited. */
class RankProgress {
  readonly #latest = new Map<number, Extract<RatioEvent, { readonly kind: "progress" }>>();
  readonly #total: number;
  readonly #report: (event: RatioEvent) => void;

  constructor(total: number, report: (event: RatioEvent) => void) {
    this.#total = total;
    this.#report = report;
  }

  /** Takes an event of a rank. */
  take(event: RatioEvent, rank: number): void {
    if (event.kind !== "progress") return this.#report(event);
    this.#latest.set(rank, event);
    const all = [...this.#latest.values()];
    const sum = (of: "done" | "without") => all.reduce((before, each) => before + each[of], 0);
    this.#report({
      kind: "progress",
      done: sum("done"),
      total: this.#total,
      without: sum("without"),
    });
  }
}

/** The pass over all images, of which each rank takes a part in whole batches. */
async function inRanks(
  group: ProcessGroup,
  images: Dataset,
  batchSize: number,
  pass: Pass,
  { signal, report = () => {} }: RatioControl,
): Promise<PassCounts> {
  const { start, end } = rankPart(images.length, group, batchSize);
  const own = subset(images, Array.from({ length: end - start }, (_, i) => start + i));
  const progress = new RankProgress(images.length, report);
  const counts = await inShares<RatioEvent, PassCounts>(group, (share) => pass(own, share), {
    signal,
    take: (event, rank) => progress.take(event, rank),
  });
  const all = await group.allGatherValues(counts);
  const sum = (of: "computed" | "without") => all.reduce((before, each) => before + each[of], 0);
  return {
    finished: all.every(({ finished }) => finished),
    computed: sum("computed"),
    without: sum("without"),
    refused: all.flatMap(({ refused }) => refused),
  };
}

/**
 * Computes the share of foreground tokens of each image and appends it to `fg_ratios.txt`. What is there already is not
 * computed again: the same call resumes where an earlier one was stopped or killed. The folder is locked meanwhile. Ranks
 * append to a file each, which are put together in the end.
 *
 * By a network only scores leave the device: the features of ImageNet, 1,281,167 images of 256 tokens of 1280 halves,
 * would take 840 GB as files, and their ratios take some 60 MB.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf } from "../data/mod.ts";
 * import { IMAGENET_NORMALIZATION } from "../data/views/presets.ts";
 * import { backbone } from "../backbones/mod.ts";
 * import { backboneTokenNetwork } from "../encoders/mod.ts";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { input } from "../engine/graph/value.ts";
 * import { Scope } from "../engine/nn/mod.ts";
 * import { writeNpy } from "../weights/npy.ts";
 * import { computeRatios } from "./compute_ratios.ts";
 *
 * // A small network of random weights, and two grey pictures.
 * const vit = backbone("vit_tiny_patch16_224");
 * const scope = new Scope();
 * vit.apply(scope, input("images", "float32", [1, 3, 64, 64]));
 * const network = backboneTokenNetwork(vit, scope.initialize(0), {
 *   name: "tiny",
 *   size: 64,
 *   normalize: IMAGENET_NORMALIZATION,
 * });
 * const render = () =>
 *   Promise.resolve({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(90) });
 * const images = datasetOf("pictures", 2, (i) => ({
 *   key: `${i}.png`,
 *   source: { kind: "rendered", name: `${i}.png`, render },
 * }));
 *
 * const folder = await Deno.makeTempDir();
 * const pcaVectors = `${folder}/component.npy`;
 * await writeNpy(pcaVectors, float32([192, 1], Array.from({ length: 192 }, (_, i) => i - 90)));
 * const outputDir = `${folder}/ratios`;
 * const options = { from: "images", images, network, pcaVectors, fgThre: -1e9, outputDir } as const;
 * const { path, computed } = await computeRatios(options);
 * assertEquals([await Deno.readTextFile(path), computed], ["0.png 1.0\n1.png 1.0\n", 2]);
 * assertEquals((await computeRatios(options)).present, 2);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {TypeError} if component or threshold are missing or do not fit the network, or the folder holds other ratios
 * @throws {Deno.errors.AlreadyExists} if another process is at work in the folder
 * @throws {GenviewError} if the system refuses to write
 */
export async function computeRatios(
  options: ComputeRatiosOptions,
  control: RatioControl = {},
): Promise<RatioOutcome> {
  const { from, inputDir = "", outputDir, batchSize = 512, workers } = options;
  const { device = CPU, threads } = options;
  const { group } = control;
  const leads = group === undefined || group.rank === 0;
  if (from !== "images" && inputDir === "") {
    throw new GenviewTypeError(
      'Cannot compute ratios: --input-dir must name a folder of "deno task extract-features", found none',
    );
  }
  const division = await openDivision(options);
  const dataset = await openImages(options);
  const network = await openNetwork(options);
  if (network !== undefined) await checkNetwork(network, division, options);
  const root = await imagesRoot(dataset);
  if (network === undefined) await checkImages(inputDir, root);
  const source = network !== undefined
    ? await weightsIdentity(network)
    : `features of ${await explainingFileErrors(`read ${inputDir}`, Deno.realPath(inputDir))}`;
  using _lock = leads ? await FolderLock.acquire(outputDir) : undefined;
  if (leads) await removeTemporaries(outputDir);
  const all = uniqueIndices(dataset);
  const outcome = await (async () => {
    using file = await RatioFile.open(outputDir, {
      source,
      images: root,
      component: componentDigest(division.component),
      threshold: division.threshold,
      maskType: division.maskType,
    }, group);
    const left = all.filter((index) => !file.done.has(dataset.sample(index).key));
    // As one process has it, whatever the part of this one.
    const runs = network === undefined ? 1 : runSize(batchSize, left.length, device);
    const pass: Pass = async (images, { signal, report }) => {
      const found = new RatioPass(images, division, file, report);
      const run: RatioRun = { device, threads, batchSize, workers, signal };
      if (images.length > 0) {
        await (network === undefined
          ? found.fromFeatures(inputDir, run)
          : found.fromImages(network, { ...run, batchSize: runs }));
      }
      const { without, refused } = found;
      return { finished: signal?.aborted !== true, computed: file.count, without, refused };
    };
    const images = subset(dataset, left);
    const counts = group === undefined
      ? await pass(images, control)
      : await inRanks(group, images, runs, pass, control);
    return { path: file.path, present: all.length - left.length, ...counts };
  })();
  if (outcome.finished && leads) {
    await joinRatios(outputDir, () => all.map((index) => dataset.sample(index).key));
  }
  return outcome;
}
