/**
 * Samples of a data set beside their variations at each level, as a picture.
 *
 * @module
 */
import { decodeSource } from "../../data/decode/decode_source.ts";
import { openData } from "../../data/open_data.ts";
import { spreadSamples } from "../../data/spread_samples.ts";
import { openDevice } from "../../engine/ort/mod.ts";
import { checkFree } from "../../files/check_free.ts";
import { writeNewFile } from "../../files/new_file.ts";
import type { GenerationOptions } from "../../variations/generation_options.ts";
import type { VariationRunOptions } from "../../variations/progress.ts";
import { findUnclip, openUnclip } from "../open_unclip.ts";
import { SAMPLE_LEVELS, sampleVariations } from "./sample_variations.ts";

/** What is drawn, and how. */
export interface DrawSamplesOptions extends GenerationOptions {
  /** The generator, a folder in diffusers' layout or a name of the catalogue. */
  readonly model: string;
  /** Name of data, as `openData` takes it. */
  readonly data: string;
  /** Names the backgrounds of rendered images (default 0). */
  readonly dataSeed?: number | undefined;
  /** The picture, a PNG file. */
  readonly output: string;
  /** Noise levels of the columns (default 0, 100, 200, 300 and 400). */
  readonly levels?: readonly number[] | undefined;
  /** Images, at most, spread over the data (default 8). */
  readonly count?: number | undefined;
  /** Height and width of an image in the picture (default 160). */
  readonly cell?: number | undefined;
  /** Images that are denoised together (default 8). */
  readonly batchSize?: number | undefined;
  /** Whether an existing picture is replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/**
 * Draws a generator's variations of some images of a data set at each level. Each has the noise that its key and the seed
 * name, so that pictures of two generators can be compared. Of lists of files, `makeVariationGrid` does the same.
 *
 * @returns how many images are in the picture
 * @throws {TypeError} if the generator or the data cannot be opened
 * @throws {Deno.errors.AlreadyExists} if the picture exists and is not to be replaced
 * @throws {UnreadableImageError} if an image cannot be read
 * @throws {GenviewError} if a network's output is not finite
 */
export async function drawSamples(
  options: DrawSamplesOptions,
  { signal, report }: VariationRunOptions = {},
): Promise<number> {
  const { model, data, dataSeed = 0, output, levels = SAMPLE_LEVELS, count = 8 } = options;
  const { cell = 160, batchSize = 8, seed, threads = 0, overwrite = false } = options;
  const { prompt, negativePrompt } = options;
  if (!overwrite) await checkFree(output, "--overwrite replaces it");
  const dataset = await openData(data, { seed: dataSeed });
  const chosen = spreadSamples(dataset, [...Array(dataset.length).keys()], count);
  const samples = chosen.map((index) => dataset.sample(index));
  const device = await openDevice(options.device ?? "auto", options.providerOption);
  const { precision = "auto", scheduler = "model" } = options;
  const found = await findUnclip(model, { precision, scheduler, device });
  const { numInferenceSteps: steps = 20, scale: guidanceScale = 10 } = options;
  using pipeline = await openUnclip(found, { batchSize, threads, steps, guidanceScale });
  report?.({ kind: "start", total: levels.length * samples.length, existing: 0 });
  const made = await sampleVariations(pipeline, samples, {
    ...{ levels, seed, prompt, negativePrompt, batchSize, signal },
    onMade: (made) => report?.({ kind: "progress", made, unreadable: 0, failed: 0 }),
  });
  const rows = await Promise.all(samples.map(async ({ key, source }, i) => ({
    key,
    original: await decodeSource(source),
    variations: new Map(levels.map((level) => [level, made.get(level)![i]!])),
  })));
  // Loads the libraries that draw, which no other use of this folder needs.
  const { drawGrid } = await import("../../variations/draw_grid.ts");
  const picture = await drawGrid(rows, { levels, cell, ratios: new Map() });
  await writeNewFile(output, picture, { overwrite });
  return samples.length;
}
