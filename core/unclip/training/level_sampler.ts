/**
 * Variations of some images of a data set at noise levels, for what draws or measures them; started again, it goes on.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset, RgbImage } from "../../data/dataset.ts";
import { openData } from "../../data/open_data.ts";
import { spreadSamples } from "../../data/spread_samples.ts";
import { subset } from "../../data/subset.ts";
import { type Device, openDevice } from "../../engine/ort/mod.ts";
import { checkFree } from "../../files/check_free.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFile } from "../../files/new_file.ts";
import { datasetDigest } from "../../train/run/dataset_digest.ts";
import { batchSizeOf } from "../../variations/batch_size.ts";
import { findGenerator, type FoundGenerator } from "../find_generator.ts";
import type { GenerationOptions } from "../../variations/generation_options.ts";
import type { VariationRunOptions } from "../../variations/progress.ts";
import type { UnclipModel } from "../find_unclip.ts";
import { openUnclip } from "../open_unclip.ts";
import type { UnclipPipeline } from "../pipeline.ts";
import { KeptVariations } from "./kept_variations.ts";
import { SAMPLE_LEVELS, sampleVariations } from "./sample_variations.ts";

/** Which images are varied, and how. */
export interface LevelSamplerOptions extends GenerationOptions {
  /** The generator, a folder in diffusers' layout or a name of the catalogue. */
  readonly model: string;
  /** Name of data, as `openData` takes it. */
  readonly data: string;
  /** Names the backgrounds of rendered images; one that training has not seen (default 1000). */
  readonly dataSeed?: number | undefined;
  /** Noise levels (default 0, 100, 200, 300 and 400). */
  readonly levels?: readonly number[] | undefined;
  /** Images that are varied, at most, spread over the data. */
  readonly count?: number | undefined;
  /** Variations that are denoised together at most (default as `makeVariations` has it). */
  readonly batchSize?: number | undefined;
  /** The file that is made of them. Until it is written, they are kept beside it, in a folder of its name and `.partial`. */
  readonly output?: string | undefined;
  /** Whether an existing file is replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/** Seed of backgrounds that training, which counts from 0, does not reach by chance. */
export const HELD_OUT_SEED = 1000;

/** File of the settings that kept variations were made by. */
const SETTINGS = "settings.json";

/** Where variations are kept until the output is written. */
function keptFolder(output: string): string {
  return `${output}.partial`;
}

/** Locks the folder of kept variations, and empties it unless it was made by the same settings. */
async function settleKept(folder: string, settings: string): Promise<FolderLock> {
  const lock = await FolderLock.acquire(folder);
  try {
    const path = join(folder, SETTINGS);
    if (await ifThere(Deno.readTextFile(path)) === settings) return lock;
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    for (const name of names.filter((name) => /^variations-\d+\.rgb$/.test(name))) {
      await Deno.remove(join(folder, name));
    }
    await writeNewFile(path, settings, { overwrite: true });
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** A generator, and images that it varies. */
export class LevelSampler implements Disposable {
  /** The images. */
  readonly dataset: Dataset;
  /** Noise levels. */
  readonly levels: readonly number[];
  /** Where it runs. */
  readonly device: Device;
  /** The generator. */
  readonly found: UnclipModel;
  readonly #generator: FoundGenerator;
  readonly #options: LevelSamplerOptions;
  readonly #run: VariationRunOptions;
  readonly #owned = new DisposableStack();
  #pipeline: UnclipPipeline | undefined;
  /** Files of kept variations, one for each call. */
  #kept: KeptVariations[] = [];
  #calls = 0;
  #made = 0;
  /** Images that are denoised together. */
  readonly #batchSize: number;

  private constructor(
    options: LevelSamplerOptions,
    run: VariationRunOptions,
    dataset: Dataset,
    generator: FoundGenerator,
    batchSize: number,
  ) {
    this.#options = options;
    this.#run = run;
    this.dataset = dataset;
    this.#batchSize = batchSize;
    this.levels = options.levels ?? SAMPLE_LEVELS;
    this.device = generator.model.device;
    this.found = generator.model;
    this.#generator = generator;
  }

  /**
   * Finds the generator and the images; no network is loaded yet.
   *
   * @param count images at most, where the options do not say
   * @throws {TypeError} if the generator or the data cannot be opened
   * @throws {Deno.errors.AlreadyExists} if the output exists and is not to be replaced, or another process makes it
   */
  static async open(
    options: LevelSamplerOptions,
    count: number,
    run: VariationRunOptions,
  ): Promise<LevelSampler> {
    const { model, data, dataSeed = HELD_OUT_SEED, output, overwrite = false } = options;
    if (output && !overwrite) await checkFree(output, "--overwrite replaces it");
    const all = await openData(data, { seed: dataSeed });
    const indices = spreadSamples(all, [...Array(all.length).keys()], options.count ?? count);
    const device = await openDevice(options.device ?? "auto", options.providerOption);
    const { precision, scheduler, numInferenceSteps, scale } = options;
    const asked = { precision, scheduler, numInferenceSteps, scale };
    const generator = await findGenerator(model, { device, ...asked });
    const dataset = subset(all, indices);
    const batchSize = await batchSizeOf(generator.model, dataset.length, options.batchSize);
    return new LevelSampler(options, run, dataset, generator, batchSize);
  }

  /** All that determines the variations. */
  #settings(): string {
    const { identity, scheduler, precision, device } = this.found;
    const { data, dataSeed = HELD_OUT_SEED, seed = 0 } = this.#options;
    const { prompt = "", negativePrompt = "" } = this.#options;
    const { numInferenceSteps, scale } = this.#generator;
    const settings = {
      ...{ generator: identity, scheduler, precision, provider: device.provider },
      ...{ data, dataSeed, images: datasetDigest(this.dataset), levels: this.levels },
      ...{ seed, numInferenceSteps, scale, prompt, negativePrompt },
      batchSize: this.#batchSize,
    };
    return `${JSON.stringify(settings, undefined, 2)}\n`;
  }

  /** Loads the generator, and opens what is kept. */
  async #begin(): Promise<UnclipPipeline> {
    const { output, threads = 0 } = this.#options;
    const batchSize = this.#batchSize;
    const { numInferenceSteps: steps, scale: guidanceScale } = this.#generator;
    if (output) {
      const folder = keptFolder(output);
      this.#owned.use(await settleKept(folder, this.#settings()));
      for (let call = 0; call < this.levels.length; call++) {
        const path = join(folder, `variations-${call}.rgb`);
        this.#kept.push(this.#owned.use(await KeptVariations.open(path, batchSize)));
      }
    }
    const existing = this.#kept.reduce((sum, { images }) => sum + images.length, 0);
    const total = this.levels.length * this.dataset.length;
    this.#run.report?.({ kind: "start", total, existing });
    const opened = await openUnclip(this.found, { batchSize, threads, steps, guidanceScale });
    return this.#owned.use(opened);
  }

  /**
   * A variation of each image at the next of the levels.
   *
   * @throws {UnreadableImageError} if an image cannot be read
   * @throws {GenviewError} if a network's output is not finite
   */
  async next(): Promise<readonly RgbImage[]> {
    this.#pipeline ??= await this.#begin();
    const { seed, prompt, negativePrompt } = this.#options;
    const call = this.#calls++;
    const level = this.levels[call]!;
    const { length } = this.dataset;
    const samples = Array.from({ length }, (_, index) => this.dataset.sample(index));
    const before = this.#made;
    const found = await sampleVariations(this.#pipeline, samples, {
      ...{ levels: [level], seed, prompt, negativePrompt, batchSize: this.#batchSize },
      kept: this.#kept[call],
      signal: this.#run.signal,
      onMade: (made) => {
        this.#made = before + made;
        this.#run.report?.({ kind: "progress", made: this.#made, unreadable: 0, failed: 0 });
      },
    });
    return found.get(level)!;
  }

  /** Writes the output, after which nothing is kept any more. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { output, overwrite = false } = this.#options;
    if (!output) return;
    await writeNewFile(output, bytes, { overwrite });
    this[Symbol.dispose]();
    await ifThere(Deno.remove(keptFolder(output), { recursive: true }));
  }

  /** Releases the generator. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
