/**
 * One process's share of the variations: what is missing is generated, written and listed in the manifest.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Shard } from "../distributed/mod.ts";
import { makeFolder, writeNewFile } from "../files/new_file.ts";
import {
  generateVariations,
  openUnclip,
  resizeVariation,
  type UnclipModel,
  type Variation,
} from "../unclip/mod.ts";
import { encodeVariation, markOf } from "./encoded_variation.ts";
import { type ExistingVariations, findExisting } from "./existing.ts";
import { formatLine, Manifest } from "./manifest.ts";
import {
  countVariations,
  type OutputNames,
  type PlannedImage,
  type PlannedVariation,
} from "./output_names.ts";
import { removePacked, VariationPacker } from "./packed_variations.ts";
import {
  networkFailure,
  type VariationCounts,
  type VariationFailure,
  type VariationOutcome,
  type VariationRunOptions,
} from "./progress.ts";
import type { VariationSettings } from "./settings.ts";

/** A share of the work, as plain data that can be handed to another process. */
export interface VariationJob {
  /** Folder of the variations. */
  readonly folder: string;
  /** The images of the share. */
  readonly images: readonly PlannedImage[];
  readonly names: OutputNames;
  readonly settings: VariationSettings;
  /** Whose manifest the lines go to. */
  readonly shard: Shard;
  readonly model: UnclipModel;
  /** Variations of a tar; all stay files of their own if 0. */
  readonly shardSize: number;
  /** Variations in a batch; where fewer are missing, the network takes some of them again. */
  readonly batchSize: number;
  /** Threads on the CPU; all cores when 0. */
  readonly threads: number;
}

/** Counts variations, and reports them. */
class Progress {
  readonly #report: VariationRunOptions["report"];
  #counts = { made: 0, unreadable: 0, failed: 0 };

  constructor({ report }: VariationRunOptions) {
    this.#report = report;
  }

  get counts(): VariationCounts {
    return this.#counts;
  }

  #show(): void {
    this.#report?.({ kind: "progress", ...this.#counts });
  }

  add(made: number): void {
    this.#counts.made += made;
    this.#show();
  }

  fail(failure: VariationFailure): void {
    this.#counts[failure.stage === "reading" ? "unreadable" : "failed"] += failure.variations;
    this.#report?.({ kind: "failure", ...failure });
    this.#show();
  }

  note(text: string): void {
    this.#report?.({ kind: "note", text });
  }
}

function nameFailure({ key, path }: PlannedVariation): VariationFailure {
  const message = `Cannot write ${path}: its name is longer than the file system allows; ` +
    `shorten the name of ${key}`;
  return { source: key, stage: "name", message, variations: 1 };
}

/** Writes variations and lists them: who reads the folder sees whole files only, and lines of files that are there. */
async function keepVariations(
  batch: readonly Variation<PlannedVariation>[],
  { folder, settings }: VariationJob,
  listed: ReadonlySet<string>,
  manifest: Manifest,
  packer: VariationPacker,
): Promise<void> {
  const { size, quality } = settings;
  for (const { wanted, image } of batch) {
    const path = join(folder, wanted.path);
    const sized = size === 0 ? image : resizeVariation(image, size);
    const mark = markOf(formatLine(wanted, settings));
    const bytes = await encodeVariation(sized, path, quality, mark);
    await makeFolder(dirname(path));
    await writeNewFile(path, bytes);
    if (!listed.has(wanted.path)) await manifest.append([wanted]);
    await packer.add([wanted]);
  }
}

async function generateMissing(
  job: VariationJob,
  { signal }: VariationRunOptions,
  { missing, listed }: ExistingVariations,
  manifest: Manifest,
  packer: VariationPacker,
  progress: Progress,
): Promise<void> {
  const { seed, prompt, negativePrompt, steps, scale } = job.settings;
  const { batchSize } = job;
  // Without any guidance the network takes half the time.
  const largest = missing.reduce((most, { own }) => Math.max(most, own?.scale ?? scale), 1);
  const options = { steps, guidanceScale: largest, batchSize, threads: job.threads };
  using pipeline = await openUnclip(job.model, options);
  let isWidened = false;
  const batches = generateVariations(pipeline, missing, {
    ...{ seed, batchSize, prompt, negativePrompt, guidanceScale: scale },
    ...(signal && { signal }),
    onUnreadable: ({ message }, variations, source) =>
      progress.fail({ source, stage: "reading", message, variations }),
    onFailure: (wanted, stage) =>
      progress.fail(networkFailure(wanted.key, wanted.path, stage, job.model.precision)),
    onWidened: ({ path }) => {
      if (isWidened) return;
      isWidened = true;
      progress.note(`the VAE overflows in float16 at ${path}; such images are decoded in float32`);
    },
  });
  try {
    for await (const batch of batches) {
      await keepVariations(batch, job, listed, manifest, packer);
      progress.add(batch.length);
    }
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
  }
}

/**
 * Generates the variations of a share that are missing. The share must be locked, and the folder claimed.
 *
 * @throws {TypeError} if variations exist at other levels
 * @throws {Deno.errors.AlreadyExists} if another file has the name of a variation
 */
export async function runShare(
  job: VariationJob,
  options: VariationRunOptions = {},
): Promise<VariationOutcome> {
  const total = countVariations(job.images, job.names);
  using manifest = await Manifest.open(job.folder, job.shard, job.settings);
  const found = await findExisting(job);
  await manifest.append(found.unlisted);
  const existing = total - found.missing.length - found.unnameable.length;
  options.report?.({ kind: "start", total, existing });
  const progress = new Progress(options);
  for (const variation of found.unnameable) progress.fail(nameFailure(variation));
  await removePacked(job.folder, found.leftovers);
  const packer = new VariationPacker(job.folder, job.shard, job.shardSize);
  await packer.add(found.files);
  if (found.missing.length > 0) {
    await generateMissing(job, options, found, manifest, packer, progress);
  }
  const isLeft = existing + sumOf(progress.counts) < total;
  if (!isLeft) await packer.finish();
  return { total, existing, ...progress.counts, stopped: isLeft };
}

function sumOf({ made, unreadable, failed }: VariationCounts): number {
  return made + unreadable + failed;
}
