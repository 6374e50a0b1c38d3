/**
 * A picture of what foreground ratios mean: images from the smallest ratio to the largest.
 *
 * @module
 */
import { cutClipView } from "../data/clip_preprocessing.ts";
import { type Dataset, decodeSource, evenIndices, uniqueIndices } from "../data/mod.ts";
import { tensor } from "../engine/graph/tensor.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { writeNewFile } from "../files/new_file.ts";
import { parseRatioLines } from "../noise/mod.ts";
import { imageGrid } from "../plot/mod.ts";

/** Images that are shown, and in a row. */
const SHOWN = 12;
const COLUMNS = 6;

/** Height and width of an image in the picture, in pixels, of which two make a unit of length. */
const SIZE = 192;

/**
 * Draws images evenly over the order of their foreground ratios, each with its own, as a PNG file. One that is there is
 * replaced.
 *
 * @param path of the picture
 * @param ratioFile the ratios, as `computeRatios` writes them of the data set
 */
export async function drawRatioExamples(
  path: string,
  dataset: Dataset,
  ratioFile: string,
): Promise<void> {
  const text = await explainingFileErrors(`read ${ratioFile}`, Deno.readTextFile(ratioFile));
  const ratios = parseRatioLines(text).ratios.toSorted((a, b) => a.ratio - b.ratio);
  const indices = new Map(
    uniqueIndices(dataset).map((index) => [dataset.sample(index).key, index]),
  );
  const shown = evenIndices(ratios.length, SHOWN).map((place) => ratios[place]!);
  const images = await Promise.all(shown.map(async ({ path }) => {
    const { source } = dataset.sample(indices.get(path)!);
    const view = cutClipView(await decodeSource(source), { size: SIZE });
    return tensor("uint8", [SIZE, SIZE, 3], view);
  }));
  const picture = await imageGrid({
    images,
    columns: Math.min(COLUMNS, images.length),
    captions: shown.map(({ ratio }) => `foreground ${(100 * ratio).toFixed(0)} %`),
    scale: 0.5,
  });
  await writeNewFile(path, picture, { overwrite: true });
}
