/**
 * The section of a report on generated variations: images beside theirs, level by level.
 *
 * @module
 */
import { decodeSource } from "../data/decode/decode_source.ts";
import { type Dataset, type ImageSource, uniqueIndices } from "../data/mod.ts";
import { sharp } from "../deps/sharp.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { imageGrid } from "../plot/image_grid.ts";
import { findVariations, type FoundVariation } from "../variations/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { counted } from "../schema/counted.ts";
import type { Section } from "./report.ts";

/** Options of {@linkcode variationsSection}. */
export interface VariationsSectionOptions {
  /** The images; their keys are the paths that the manifest has. */
  readonly images: Dataset;
  /** Images of each level that are shown, at most (default 4). */
  readonly shown?: number;
  /** Height and width of an image in the figure (default 96). */
  readonly cell?: number;
}

/** An image in its own proportions in a square cell, at two pixels to a unit. */
async function picture(source: ImageSource, cell: number): Promise<Tensor<"uint8">> {
  const { width, height, data } = await decodeSource(source);
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

/** Finds images by their paths. */
function originalsOf(images: Dataset): (path: string) => ImageSource {
  const places = new Map(uniqueIndices(images).map((index) => [images.sample(index).key, index]));
  return (path) => {
    const place = places.get(path);
    if (place !== undefined) return images.sample(place).source;
    throw new GenviewTypeError(
      `Cannot show variations of ${path}: "${images.name}" must hold it, found ${
        counted(places.size, "other image")
      }`,
    );
  };
}

/**
 * Some images of each noise level, each beside the first of its variations.
 *
 * @param folder of variations and their manifest
 * @throws {TypeError} if the folder has none, or an image is none of those that are given
 */
export async function variationsSection(
  folder: string,
  { images: given, shown = 4, cell = 96 }: VariationsSectionOptions,
): Promise<Section> {
  const found = await findVariations([folder]);
  const levels = byLevel(found);
  if (levels.length === 0) {
    throw new GenviewTypeError(
      `Cannot show variations: the manifest of ${folder} must list some, found none`,
    );
  }
  const columns = 2 * Math.min(shown, Math.max(...levels.map(([, all]) => all.length)));
  const originalOf = originalsOf(given);
  const images: Tensor<"uint8">[] = [];
  const blank = tensor("uint8", [2 * cell, 2 * cell, 4], new Uint8Array(16 * cell ** 2));
  for (const [, all] of levels) {
    const row: Tensor<"uint8">[] = [];
    for (const { source, image } of all.slice(0, columns / 2)) {
      row.push(await picture(originalOf(source), cell), await picture(image, cell));
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
