/**
 * Samples of a data set beside their variations at each level, as a picture.
 *
 * @module
 */
import type { RgbImage } from "../../data/dataset.ts";
import { decodeSource } from "../../data/decode/decode_source.ts";
import type { VariationRunOptions } from "../../variations/progress.ts";
import { LevelSampler, type LevelSamplerOptions } from "./level_sampler.ts";

/** What is drawn, and how. */
export interface DrawSamplesOptions extends LevelSamplerOptions {
  /** The picture, a PNG file. */
  readonly output: string;
  /** Height and width of an image in the picture (default 160). */
  readonly cell?: number | undefined;
}

/** Images that are drawn where the options do not say, at most. */
const COUNT = 8;

/**
 * Draws a generator's variations of some images of a data set at each level, of 8 images where `count` does not say. Each
 * has the noise that its key and the seed name, so that pictures of two generators can be compared. What was stopped or
 * killed goes on when it is started again with the same options. Of lists of files, `makeVariationGrid` does the same.
 *
 * @returns how many images are in the picture
 * @throws {TypeError} if the generator or the data cannot be opened
 * @throws {Deno.errors.AlreadyExists} if the picture exists and is not to be replaced
 * @throws {UnreadableImageError} if an image cannot be read
 * @throws {GenviewError} if a network's output is not finite
 */
export async function drawSamples(
  options: DrawSamplesOptions,
  run: VariationRunOptions = {},
): Promise<number> {
  using sampler = await LevelSampler.open(options, COUNT, run);
  const { dataset: { length }, levels } = sampler;
  const made = new Map<number, readonly RgbImage[]>();
  for (const level of levels) made.set(level, await sampler.next());
  const rows = await Promise.all(Array.from({ length }, async (_, i) => {
    const { key, source } = sampler.dataset.sample(i);
    const variations = new Map(levels.map((level) => [level, made.get(level)![i]!]));
    return { key, original: await decodeSource(source), variations };
  }));
  // Loads the libraries that draw, which no other use of this folder needs.
  const { drawGrid } = await import("../../variations/draw_grid.ts");
  const { cell = 160 } = options;
  await sampler.write(await drawGrid(rows, { levels, cell, ratios: new Map() }));
  return length;
}
