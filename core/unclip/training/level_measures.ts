/**
 * What variations keep of their images at each noise level, as an independent network sees it.
 *
 * @module
 */
import type { Dataset, RgbImage } from "../../data/dataset.ts";
import { datasetOf } from "../../data/dataset_of.ts";
import { openData } from "../../data/open_data.ts";
import { spreadSamples } from "../../data/spread_samples.ts";
import { subset } from "../../data/subset.ts";
import { openTokenNetwork } from "../../encoders/open_token_network.ts";
import { openDevice } from "../../engine/ort/mod.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { checkFree } from "../../files/check_free.ts";
import { writeNewFile } from "../../files/new_file.ts";
import type { GenerationOptions } from "../../variations/generation_options.ts";
import type { VariationRunOptions } from "../../variations/progress.ts";
import { findUnclip, openUnclip } from "../open_unclip.ts";
import { LevelComparison, type LevelMeasure } from "./level_comparison.ts";
import { MeanTokens } from "./mean_tokens.ts";
import { SAMPLE_LEVELS, sampleVariations } from "./sample_variations.ts";

/** What variations are like at each level, and what they are compared with. */
export interface LevelMeasures {
  /** By level, in the order that was asked for. */
  readonly levels: readonly (LevelMeasure & { readonly level: number })[];
  /** The originals themselves: what could be reached. */
  readonly originals: LevelMeasure;
  /** Similarity of originals to each other, and how often the nearest is right by chance. */
  readonly others: Pick<LevelMeasure, "similarity" | "nearestIdentity">;
  /** Originals that were varied. */
  readonly images: number;
  /** Images of the bank, on backgrounds of their own where they are rendered. */
  readonly bank: number;
  /** Network that compared them. */
  readonly encoder: string;
  /** Identity of the generator's weights. */
  readonly generator: string;
}

/** What is measured, and how. */
export interface MeasureLevelsOptions extends GenerationOptions {
  /** The generator, a folder in diffusers' layout or a name of the catalogue. */
  readonly model: string;
  /** Name of data, as `openData` takes it. */
  readonly data: string;
  /** Names the backgrounds of rendered images; one that training has not seen (default 1000). The bank's are the next. */
  readonly dataSeed?: number | undefined;
  /** Network that compares the images, as `openTokenNetwork` takes it: a run, a file or a name. */
  readonly encoder: string;
  /** Noise levels (default 0, 100, 200, 300 and 400). */
  readonly levels?: readonly number[] | undefined;
  /** Images that are varied, at most, spread over the data (default 200). */
  readonly count?: number | undefined;
  /** Images that are denoised together (default 8). */
  readonly batchSize?: number | undefined;
  /** JSON file that the measures are written to; none when left out. */
  readonly output?: string | undefined;
  /** Whether that file is replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/** Seed of backgrounds that training, which counts from 0, does not reach by chance. */
const HELD_OUT_SEED = 1000;

/** What each image of a data set shows; an image without an identity shows itself. */
function identitiesOf(dataset: Dataset): string[] {
  return Array.from({ length: dataset.length }, (_, index) => {
    const { identity, key } = dataset.sample(index);
    return identity ?? key;
  });
}

/** Images in memory as a data set. */
function inMemory(images: readonly RgbImage[], name: string): Dataset {
  return datasetOf(name, images.length, (index) => ({
    key: String(index),
    source: {
      kind: "rendered",
      name: `${name} ${index}`,
      render: () => Promise.resolve(images[index]!),
    },
  }));
}

/**
 * Measures a generator: varies images at each level and compares the variations with their originals and with a bank of all
 * images, by a network that had no part in the generation. Rendered images, such as emoji, have backgrounds that training has not
 * seen, and those of the bank are others again, so that what is found again is the thing and not its background.
 *
 * Source: GenView, Li et al. 2024, section 3.2, on why levels follow from foregrounds; Heusel et al. 2017 for the distance.
 *
 * @throws {TypeError} if the generator, the data or the network cannot be opened
 * @throws {RangeError} if there are fewer than two images, or a level is not one of the diffusion's steps
 * @throws {Deno.errors.AlreadyExists} if the output exists and is not to be replaced
 * @throws {UnreadableImageError} if an image cannot be read
 * @throws {GenviewError} if a network's output is not finite
 */
export async function measureLevels(
  options: MeasureLevelsOptions,
  { signal, report }: VariationRunOptions = {},
): Promise<LevelMeasures> {
  const { model, levels = SAMPLE_LEVELS, batchSize = 8, seed, threads = 0, output } = options;
  const { dataSeed = HELD_OUT_SEED, count = 200, overwrite = false } = options;
  const { prompt, negativePrompt } = options;
  if (output && !overwrite) await checkFree(output, "--overwrite replaces it");
  const all = await openData(options.data, { seed: dataSeed });
  const bank = await openData(options.data, { seed: dataSeed + 1 });
  const chosen = subset(all, spreadSamples(all, [...Array(all.length).keys()], count));
  if (chosen.length < 2) {
    throw new GenviewRangeError(
      `Cannot measure by ${options.data}: there must be at least 2 images, found ${chosen.length}`,
    );
  }
  const device = await openDevice(options.device ?? "auto", options.providerOption);
  const { precision = "auto", scheduler = "model" } = options;
  const found = await findUnclip(model, { precision, scheduler, device });
  const network = await openTokenNetwork({ model: options.encoder });
  using encoder = await MeanTokens.create(network, { device, threads });
  const originals = { features: await encoder.of(chosen), identities: identitiesOf(chosen) };
  const known = { features: await encoder.of(bank), identities: identitiesOf(bank) };
  const comparison = new LevelComparison(originals, known, { device, threads });
  const samples = Array.from({ length: chosen.length }, (_, index) => chosen.sample(index));
  const measured: (LevelMeasure & { readonly level: number })[] = [];
  const { numInferenceSteps: steps = 20, scale: guidanceScale = 10 } = options;
  using pipeline = await openUnclip(found, { batchSize, threads, steps, guidanceScale });
  report?.({ kind: "start", total: levels.length * samples.length, existing: 0 });
  for (const [at, level] of levels.entries()) {
    const onMade = (made: number) => {
      report?.({
        kind: "progress",
        made: at * samples.length + made,
        unreadable: 0,
        failed: 0,
      });
    };
    const made = await sampleVariations(pipeline, samples, {
      ...{ levels: [level], seed, prompt, negativePrompt, batchSize, onMade },
      signal,
    });
    const features = await encoder.of(inMemory(made.get(level)!, `level ${level}`));
    measured.push({ level, ...await comparison.of(features) });
  }
  const measures: LevelMeasures = {
    levels: measured,
    originals: await comparison.of(originals.features),
    others: await comparison.others(),
    images: samples.length,
    bank: bank.length,
    encoder: network.name,
    generator: found.identity,
  };
  if (output) {
    await writeNewFile(output, new TextEncoder().encode(`${JSON.stringify(measures, null, 2)}\n`), {
      overwrite,
    });
  }
  return measures;
}
