/**
 * Variations of the images of a list, by one process or several.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import { GenviewAlreadyExists, GenviewNotFound, GenviewTypeError } from "../errors/mod.ts";
import { dirname, join } from "node:path";
import {
  formatShard,
  inShares,
  localDevices,
  openRankPlacement,
  type ProcessGroup,
  type Shard,
  shareOf,
  subShard,
  WHOLE,
} from "../distributed/mod.ts";
import { type Device, withProviderOptions } from "../engine/ort/mod.ts";
import { fileError, systemCode } from "../files/file_error.ts";
import { removeTemporaries } from "../files/new_file.ts";
import { findUnclip, type UnclipModel } from "../unclip/mod.ts";
import { checkOptions } from "./check_options.ts";
import { findExisting } from "./existing.ts";
import type { GenerationOptions } from "./generation_options.ts";
import { joinManifests } from "./join_manifests.ts";
import { lockShare } from "./lock_share.ts";
import { readManifests } from "./manifest.ts";
import { type PlannedImage, planVariations, type VariationFormat, variationsOf } from "./plan.ts";
import type { VariationEvent, VariationOutcome, VariationRunOptions } from "./progress.ts";
import { removeVariations } from "./remove_variations.ts";
import { runShare, type VariationJob } from "./run_share.ts";
import { runWorkers } from "./run_workers.ts";
import { claimFolder, readSettings, type VariationSettings } from "./settings.ts";
import { VariationSum } from "./variation_sum.ts";

/** Which variations are made, where they go, and how they are generated. */
export interface MakeVariationsOptions extends GenerationOptions {
  /** A list of paths and noise levels; with `auto` a folder of `fg_ratios_LEVEL.txt`. */
  readonly inputList: string;
  /** Folder of the variations and their manifest. */
  readonly outputPrefix: string;
  /** Folder that the list's relative paths are in (default the working folder). */
  readonly inputPrefix?: string | undefined;
  /** Folder whose tree is mirrored (default `inputPrefix`). */
  readonly relativeTo?: string | undefined;
  /** Takes every `fg_ratios_LEVEL.txt` of the folder `inputList` (default false). */
  readonly auto?: boolean | undefined;
  /** Level of lines that have none, in [0, 999]; when given, no line may have another. */
  readonly noiseLevel?: number | undefined;
  /** Images that are denoised together (default 1 on the CPU, which gains nothing by more, and 12 elsewhere). */
  readonly batchSize?: number | undefined;
  /** Variations of each image (default 1). */
  readonly numImagesPerPrompt?: number | undefined;
  /** Height and width that they are resized to; 0 keeps the model's own (default 512). */
  readonly size?: number | undefined;
  /** File format (default `source`). */
  readonly format?: VariationFormat | undefined;
  /** Quality of JPEG files, in [1, 100] (default 75). */
  readonly quality?: number | undefined;
  /** A folder in diffusers' layout, or a name of the catalogue (default `stable-unclip-2-1`). */
  readonly model?: string | undefined;
  /** Goes on in a folder that has variations (default true); false refuses one. */
  readonly resume?: boolean | undefined;
  /** First removes the variations that the folder has (default false). */
  readonly overwrite?: boolean | undefined;
  /** Share of the images that this process generates, or its group does (default all). */
  readonly shard?: Shard | undefined;
  /** Processes over the local devices; 0, the default, is none but this. They need `--allow-run`. */
  readonly workers?: number | undefined;
  /** How often each worker is started again when it dies (default 2). */
  readonly retries?: number | undefined;
}

/** How a generation is stopped and followed, and by whom it is shared. */
export interface VariationControl extends VariationRunOptions {
  /**
   * Ranks that share the images, and leave the manifest of one process. All must ask for the same; events come to the
   * first, and a stop signal to one stops all.
   */
  readonly group?: ProcessGroup | undefined;
}

const BATCH_SIZE = 12;

/** Where the work goes. */
interface WorkPlacement {
  /** All local devices for workers, and this process's own otherwise. */
  readonly devices: readonly Device[];
  /** Threads of this process. */
  readonly threads: number;
}

async function placementOf(
  { device = "auto", providerOption = [], workers = 0, threads = 0 }: MakeVariationsOptions,
  group: ProcessGroup | undefined,
): Promise<WorkPlacement> {
  if (workers > 0) {
    const devices = await localDevices(device);
    return { devices: devices.map((each) => withProviderOptions(each, providerOption)), threads };
  }
  const placed = await openRankPlacement({ device, providerOption, threads }, group);
  return { devices: [placed.device], threads: placed.threads ?? 0 };
}

/** Refuses a list of which no image is there: its paths are relative to another folder. */
async function checkThere(images: readonly PlannedImage[]): Promise<void> {
  for (const { sourcePath } of images) {
    try {
      await Deno.stat(sourcePath);
      return;
    } catch (error) {
      // An image that exists and cannot be opened is reported when it is read.
      if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return;
    }
  }
  throw new GenviewNotFound(
    `Cannot generate variations: none of the list's ${
      counted(images.length, "image")
    } is there, such as ` +
      `${images[0]!.sourcePath}; --input-prefix names the folder that the paths are in`,
  );
}

function settingsOf(options: MakeVariationsOptions, model: UnclipModel): VariationSettings {
  return {
    seed: options.seed ?? 0,
    model: model.identity,
    precision: model.precision,
    scheduler: model.scheduler,
    steps: options.numInferenceSteps ?? 20,
    scale: options.scale ?? 10,
    prompt: options.prompt ?? "",
    negativePrompt: options.negativePrompt ?? "",
    imagesPerPrompt: options.numImagesPerPrompt ?? 1,
    size: options.size ?? 512,
    format: options.format ?? "source",
    quality: options.quality ?? 75,
  };
}

/** The share of a rank in what its group has to do. */
function jobOfRank(job: VariationJob, { rank, size }: ProcessGroup): VariationJob {
  const inner = { index: rank, count: size };
  return { ...job, images: shareOf(job.images, inner), shard: subShard(job.shard, inner) };
}

/** Runs the shares of all ranks; gives what they have done together. */
async function inRanks(
  group: ProcessGroup,
  total: number,
  generate: (run: VariationRunOptions) => Promise<VariationOutcome>,
  { signal, report = () => {} }: VariationRunOptions,
): Promise<VariationOutcome> {
  const sum = new VariationSum(total, group.size, "rank", report);
  const own = await inShares<VariationEvent, VariationOutcome>(group, generate, {
    signal,
    take: (event, rank) => sum.take(rank, event),
  });
  const all = await group.allGatherValues(own);
  const add = (of: "existing" | "made" | "unreadable" | "failed") =>
    all.reduce((before, each) => before + each[of], 0);
  return {
    ...{ total, existing: add("existing"), made: add("made") },
    ...{ unreadable: add("unreadable"), failed: add("failed") },
    stopped: all.some(({ stopped }) => stopped),
  };
}

/** Refuses to begin anew where other shards may be at work. */
function checkBeginning(
  { overwrite, resume = true, outputPrefix, shard = WHOLE }: MakeVariationsOptions,
) {
  if (shard.count === 1 || (!overwrite && resume)) return;
  throw new GenviewTypeError(
    `Cannot begin anew in ${outputPrefix} by shard ${formatShard(shard)}: others may be at work ` +
      "there; remove it, or leave the shard out",
  );
}

/**
 * Whether others may have made variations by the settings of a folder. A process that failed as it loaded the model leaves
 * settings alone, which say nothing once it has ended; shards may be at work.
 */
async function isClaimed({ folder, shard }: VariationJob): Promise<boolean> {
  if (await readSettings(folder) === undefined) return false;
  if (shard.count > 1) return true;
  for await (const _ of readManifests(folder)) return true;
  return false;
}

/** Removes the variations to overwrite, and claims the folder; a folder that is refused is left unchanged. */
async function prepareFolder(
  { overwrite = false, resume = true }: MakeVariationsOptions,
  job: VariationJob,
): Promise<void> {
  const { folder, images, names, settings, shard } = job;
  if (overwrite) {
    const all = images.flatMap((image) => variationsOf(image, names));
    await removeVariations(folder, all.map(({ path }) => path));
  }
  const claimed = await isClaimed(job);
  if (claimed && !resume) {
    throw new GenviewAlreadyExists(
      `Cannot begin in ${folder}: it has variations, which --resume keeps and --overwrite removes`,
    );
  }
  if (!claimed) await findExisting(job);
  await claimFolder(folder, settings, { replace: !claimed && shard.count === 1 });
}

/** Removes the temporary files of a process that was killed; other shards may be writing theirs, so all of them stay then. */
async function removeLeftovers({ folder, images, names, shard }: VariationJob): Promise<void> {
  if (shard.count > 1) return;
  const paths = images.flatMap((image) => variationsOf(image, names)).map(({ path }) => path);
  for (const place of new Set(["", ...paths.map((path) => dirname(path))])) {
    const found = join(folder, place);
    try {
      await removeTemporaries(found);
    } catch (cause) {
      // A folder that does not exist has none.
      if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(cause) ?? "")) continue;
      throw fileError(`clean up ${found}`, cause);
    }
  }
}

/**
 * Makes variations of the images of a list by Stable unCLIP, into a folder that mirrors the images' with a manifest in
 * JSON lines. Variations that exist are kept: the same call continues where it was stopped. An image's noise
 * follows from seed, path and number, so that it is the same in any batch, shard or run. Who makes all of them, alone, by
 * workers or as a group of ranks, leaves one manifest, `manifest.jsonl`, also where shards had begun.
 *
 * @example Variations of a list, by a shard and by two workers
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withModel } from "../../tests/core/variations/variation_fixture.ts";
 * import { makeVariations } from "./make_variations.ts";
 *
 * await withModel(async (path) => {
 *   await Deno.writeTextFile(path("list.txt"), "cats/0.png 0\ncats/1.png 100\nbig dogs/0.png 400\n");
 *   const options = {
 *     inputList: path("list.txt"),
 *     inputPrefix: path("images"),
 *     outputPrefix: path("variations"),
 *     model: path("model"), // by default the published model, by its name
 *     numInferenceSteps: 5,
 *     device: "cpu",
 *     threads: 1,
 *   };
 *   const first = await makeVariations({ ...options, shard: { index: 0, count: 2 } });
 *   assertEquals([first.total, first.made], [2, 2]);
 *
 *   const rest = await makeVariations({ ...options, workers: 2 });
 *   assertEquals([rest.total, rest.existing, rest.made, rest.failed], [3, 2, 1, 0]);
 * });
 * ```
 *
 * @throws {SyntaxError} if lines of a list are malformed
 * @throws {TypeError} if options are out of range; if the list, the model or the settings of the folder do not fit what is asked for
 * @throws {Deno.errors.NotFound} if none of the images is there
 * @throws {Deno.errors.AlreadyExists} at once if another process is at work there, or a file is in the way
 * @throws {GenviewError} if workers have failed as often as they may, or the system refuses
 */
export async function makeVariations(
  options: MakeVariationsOptions,
  { group, ...run }: VariationControl = {},
): Promise<VariationOutcome> {
  checkOptions(options, "make variations");
  const { outputPrefix: folder, workers = 0, retries = 2, shard = WHOLE } = options;
  const names = {
    imagesPerPrompt: options.numImagesPerPrompt ?? 1,
    format: options.format ?? "source",
  };
  checkBeginning(options);
  const all = await planVariations({ ...options, ...names });
  await checkThere(all);
  const { devices, threads } = await placementOf(options, group);
  const device = devices[0]!;
  const { precision = "auto", scheduler = "model" } = options;
  const model = await findUnclip(options.model ?? "stable-unclip-2-1", {
    ...{ precision, scheduler, device },
  });
  const batchSize = options.batchSize ?? (device.provider === "cpu" ? 1 : BATCH_SIZE);
  const settings = settingsOf(options, model);
  const images = shareOf(all, shard);
  const job: VariationJob = {
    ...{ folder, images, names, settings, shard, model, batchSize, threads },
  };
  const leads = group === undefined || group.rank === 0;
  using _lock = leads ? await lockShare(folder, shard) : undefined;
  if (leads) {
    await removeLeftovers(job);
    await prepareFolder(options, job);
  }
  await group?.barrier();
  const own = group === undefined ? job : jobOfRank(job, group);
  const generate = (each: VariationRunOptions) =>
    workers === 0 ? runShare(own, each) : runWorkers(own, { ...each, workers, retries, devices });
  const total = images.length * names.imagesPerPrompt;
  const outcome = group === undefined
    ? await generate(run)
    : await inRanks(group, total, generate, run);
  // Other shards may be at work.
  if (leads && !outcome.stopped && shard.count === 1) await joinManifests(job);
  return outcome;
}
