/**
 * The section of a report on generated variations: images beside theirs, level by level.
 *
 * @module
 */
import { join } from "node:path";
import { decodeSource } from "../data/decode/decode_source.ts";
import { fileSource } from "../data/dataset_of.ts";
import { sharp } from "../deps/sharp.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { imageGrid } from "../plot/image_grid.ts";
import { findVariations, type FoundVariation } from "../variations/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import type { Section } from "./report.ts";

/** Options of {@linkcode variationsSection}. */
export interface VariationsSectionOptions {
  /** Folder that the images' paths in the manifest are relative to. */
  readonly root: string;
  /** Images of each level that are shown, at most (default 4). */
  readonly shown?: number;
  /** Height and width of an image in the figure (default 96). */
  readonly cell?: number;
}

/** An image in its own proportions in a square cell, at two pixels to a unit. */
async function picture(path: string, cell: number): Promise<Tensor<"uint8">> {
  const { width, height, data } = await decodeSource(fileSource(path));
  const side = 2 * cell;
  const { data: resized, info } = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: side, height: side, fit: "contain", background: "#808080" })
    .raw().toBuffer({ resolveWithObject: true });
  return tensor("uint8", [info.height, info.width, 3], new Uint8Array(resized));
}

/** An image's first variation that has a noise level; those of prompts alone have none. */
type LevelledVariation = FoundVariation & { readonly level: number };

/** First variations by level, in the order of levels. */
function byLevel(
  found: ReadonlyMap<string, readonly FoundVariation[]>,
): [level: number, variations: LevelledVariation[]][] {
  const first = [...found.values()].flatMap((all) =>
    all.filter((each): each is LevelledVariation => each.index === 0 && each.level !== undefined)
  );
  return [...Map.groupBy(first, ({ level }) => level)].sort(([a], [b]) => a - b);
}

/**
 * Some images of each noise level, each beside the first of its variations.
 *
 * @param folder of variations and their manifest
 * @throws {TypeError} if the folder has none
 */
export async function variationsSection(
  folder: string,
  { root, shown = 4, cell = 96 }: VariationsSectionOptions,
): Promise<Section> {
  const found = await findVariations([folder]);
  const levels = byLevel(found);
  if (levels.length === 0) {
    throw new GenviewTypeError(
      `Cannot show variations: the manifest of ${folder} must list some, found none`,
    );
  }
  const columns = 2 * Math.min(shown, Math.max(...levels.map(([, all]) => all.length)));
  const images: Tensor<"uint8">[] = [];
  const blank = tensor("uint8", [2 * cell, 2 * cell, 4], new Uint8Array(16 * cell ** 2));
  for (const [, all] of levels) {
    const row: Tensor<"uint8">[] = [];
    for (const { source, file } of all.slice(0, columns / 2)) {
      row.push(await picture(join(root, source), cell), await picture(file, cell));
    }
    while (row.length < columns) row.push(blank);
    images.push(...row);
  }
  const count = [...found.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    title: "Variations",
    text:
      "Each image's embedding is noised by its level, and the generator draws a picture from what is left: the more " +
      `noise, the less it keeps. ${count} variations of ${found.size} images were made.`,
    tables: [{
      columns: ["noise level", "images"],
      rows: levels.map(([level, { length }]) => [level, length]),
    }],
    figures: [{
      png: await imageGrid({
        images,
        columns,
        columnLabels: Array.from(
          { length: columns },
          (_, i) => i % 2 === 0 ? "image" : "variation",
        ),
        rowLabels: levels.map(([level]) => `noise level ${level}`),
        paper: false,
        scale: 0.5,
      }),
      caption: "Images, each beside a variation of it, by noise level.",
      alt: `Images and their variations at the noise levels ${
        levels.map(([level]) => level).join(", ")
      }`,
    }],
  };
}
