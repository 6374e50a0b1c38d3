/**
 * Variations of the images of a list, by one process or several.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewNotFound, GenviewTypeError } from "../errors/mod.ts";
import { dirname, join } from "node:path";
import { formatShard, localDevices, type Shard, shareOf, WHOLE } from "../distributed/mod.ts";
import { type Device, openDevice, withProviderOptions } from "../engine/ort/mod.ts";
import { fileError, systemCode } from "../files/file_error.ts";
import { removeTemporaries } from "../files/new_file.ts";
import { findUnclip, type UnclipModel } from "../unclip/mod.ts";
import { checkOptions } from "./check_options.ts";
import { findExisting } from "./existing.ts";
import type { GenerationOptions } from "./generation_options.ts";
import { lockShare } from "./lock_share.ts";
import { readManifests } from "./manifest.ts";
import { type PlannedImage, planVariations, type VariationFormat, variationsOf } from "./plan.ts";
import type { VariationOutcome, VariationRunOptions } from "./progress.ts";
import { removeVariations } from "./remove_variations.ts";
import { runShare, type VariationJob } from "./run_share.ts";
import { runWorkers } from "./run_workers.ts";
import { claimFolder, readSettings, type VariationSettings } from "./settings.ts";

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
  /** Share of the images that this process generates (default all). */
  readonly shard?: Shard | undefined;
  /** Which of a launcher's processes on its machine this is, from 0; divides the devices of `auto` among them. */
  readonly localRank?: number | undefined;
  /** Processes over the local devices; 0, the default, is none but this. They need `--allow-run`. */
  readonly workers?: number | undefined;
  /** How often each worker is started again when it dies (default 2). */
  readonly retries?: number | undefined;
}

const BATCH_SIZE = 12;

/** The devices that the work goes to: all for workers, and for one of a launcher's processes its own. */
async function devicesOf(
  { device = "auto", providerOption = [], workers = 0, shard = WHOLE, localRank }:
    MakeVariationsOptions,
): Promise<Device[]> {
  const local = async () =>
    (await localDevices(device)).map((each) => withProviderOptions(each, providerOption));
  if (workers > 0) return await local();
  if (device !== "auto" || localRank === undefined || shard.count === 1) {
    return [await openDevice(device, providerOption)];
  }
  const devices = await local();
  return [devices[localRank % devices.length]!];
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
    `Cannot generate variations: none of the list's ${images.length} images is there, such as ` +
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
 * follows from seed, path and number, so that it is the same in any batch, shard or run.
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
  run: VariationRunOptions = {},
): Promise<VariationOutcome> {
  checkOptions(options, "make variations");
  const { outputPrefix: folder, workers = 0, retries = 2, threads = 0, shard = WHOLE } = options;
  const names = {
    imagesPerPrompt: options.numImagesPerPrompt ?? 1,
    format: options.format ?? "source",
  };
  checkBeginning(options);
  const all = await planVariations({ ...options, ...names });
  await checkThere(all);
  const devices = await devicesOf(options);
  const device = devices[0]!;
  const { precision = "auto", scheduler = "model" } = options;
  const model = await findUnclip(options.model ?? "stable-unclip-2-1", {
    ...{ precision, scheduler, device },
  });
  const batchSize = options.batchSize ?? (device.provider === "cpu" ? 1 : BATCH_SIZE);
  const settings = settingsOf(options, model);
  const images = shareOf(all, shard);
  const job = { folder, images, names, settings, shard, model, batchSize, threads };
  using _lock = await lockShare(folder, shard);
  await removeLeftovers(job);
  await prepareFolder(options, job);
  return workers === 0
    ? await runShare(job, run)
    : await runWorkers(job, { ...run, workers, retries, devices });
}
