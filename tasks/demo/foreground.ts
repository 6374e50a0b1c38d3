/**
 * The part of the demo's page on what is foreground: masks beside the truth, and the level that follows from each.
 *
 * @module
 */
import { join } from "node:path";
import { evenIndices } from "../../core/data/mod.ts";
import { emojiPath } from "../../core/data/emoji/mod.ts";
import type { Placement } from "../../core/engine/ort/mod.ts";
import { ifThere } from "../../core/files/if_there.ts";
import {
  type Analysis,
  analyze,
  foregroundMask,
  foregroundRatios,
  gridPicture,
  type MaskComparison,
} from "../../core/masking/mod.ts";
import { GENVIEW_NOISE_SCHEDULE, parseLevelLines } from "../../core/noise/mod.ts";
import { imageGrid } from "../../core/plot/mod.ts";
import {
  type Figure,
  maskSection,
  percent,
  samplePictures,
  type Section,
} from "../../core/report/mod.ts";
import type { Generated } from "./generation.ts";
import type { DemoImages } from "./images.ts";

/** Images of each level that are shown, at most. */
const SHOWN = 2;

/** Pixels of an image in the figure, about. */
const CELL = 96;

/** Images of each level, by their index, at most so many of each and evenly out of all of it. */
async function imagesByLevel(
  { rendered }: DemoImages,
  { folder }: Generated,
): Promise<Map<number, number[]>> {
  const indices = new Map<string, number>();
  for (let i = 0; i < rendered.length; i++) indices.set(emojiPath(rendered, i), i);
  const found = new Map<number, number[]>();
  for (const level of GENVIEW_NOISE_SCHEDULE.levels) {
    const list = join(folder, "levels", `fg_ratios_${level}.txt`);
    // A level that no image has has no list.
    const text = await ifThere(Deno.readTextFile(list));
    if (text === undefined) continue;
    const { lines } = parseLevelLines(text);
    const shown = evenIndices(lines.length, SHOWN);
    found.set(level, shown.map((at) => indices.get(lines[at]!.path)!));
  }
  return found;
}

/** Images with their masks, by level. */
async function levelsFigure(
  images: DemoImages,
  generated: Generated,
  { scores, threshold }: Analysis,
): Promise<Figure> {
  const { network: { view, grid } } = generated;
  const byLevel = await imagesByLevel(images, generated);
  const shown = [...byLevel].flatMap(([level, indices]) =>
    indices.map((index) => ({ level, index }))
  );
  const masks = foregroundMask(scores, threshold);
  const ratios = foregroundRatios(scores, threshold).data;
  const [rows, columns] = grid;
  const tokens = rows * columns;
  const pictures = await samplePictures(images.rendered, shown.map(({ index }) => index), view);
  const blank = shown.map(() => "");
  return {
    png: await imageGrid({
      images: [
        ...pictures,
        ...shown.map(({ index }) =>
          gridPicture(masks.data.subarray(index * tokens, (index + 1) * tokens), grid, view.size)
        ),
      ],
      columns: shown.length,
      columnLabels: shown.map(({ level }) => `noise ${level}`),
      rowLabels: ["image", "mask"],
      captions: [...blank, ...shown.map(({ index }) => percent(ratios[index]!))],
      paper: false,
      scale: Math.max(0.5, CELL / view.size),
    }),
    caption:
      "Images with the mask that was found, its share of the image, and the noise level that follows: the more of an " +
      "image is foreground, the more noise its variation gets.",
    alt: `Images with their masks at the noise levels ${[...byLevel.keys()].join(", ")}`,
  };
}

/** The section, and how well the masks agree with the truth. */
export async function foregroundSection(
  images: DemoImages,
  generated: Generated,
  placement: Placement,
): Promise<{ readonly section: Section; readonly comparison: MaskComparison }> {
  const { rendered } = images;
  const { network, features } = generated;
  const keys = Array.from({ length: rendered.length }, (_, i) => emojiPath(rendered, i));
  const analysis = await analyze(network, keys, {
    folder: features,
    ...placement,
    rule: { kind: "quantile", share: 0.4 },
  });
  const { grid, view } = network;
  const { section, comparison } = await maskSection({ analysis, dataset: rendered, grid, view });
  const figures = [await levelsFigure(images, generated, analysis), ...section.figures!];
  return { comparison, section: { ...section, title: "What is foreground", figures } };
}
