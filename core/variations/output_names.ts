/**
 * Where variations go: their paths within the folder of all.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileSource, type ImagePlace, type ImageSource } from "../data/mod.ts";
import { placedSource } from "../data/shards/placed_source.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import type { WantedVariation } from "../unclip/mod.ts";
import type { OwnSettings } from "./settings.ts";

/** An image whose variations are wanted, or what is generated from a prompt in place of one. */
export interface PlannedImage {
  /** Its path within the tree that is mirrored. */
  readonly key: string;
  /** Where it lies; of an image in a shard, where the shard does; undefined where the prompt alone is the condition. */
  readonly sourcePath?: string | undefined;
  /** Where it lies within its shard. */
  readonly place?: ImagePlace | undefined;
  /** Step of the diffusion at which noise is added to its embedding, in [0, 999]; it means nothing where there is none. */
  readonly level: number;
  /** What the list says of it in place of what is said for all. */
  readonly own?: OwnSettings | undefined;
}

/** A variation that is wanted, as a file. */
export interface PlannedVariation extends PlannedImage, WantedVariation {
  /** Where it goes, relative to the folder of all. */
  readonly path: string;
}

/** How variations are named. */
export interface OutputNames {
  /** Variations of each image that the list gives no number of its own. */
  readonly imagesPerPrompt: number;
  /** Format of their files. */
  readonly format: VariationFormat;
}

/** `source` keeps the name of the image, and its format if that is one of the two. */
export type VariationFormat = "source" | "png" | "jpeg";

const EXTENSION = /\.[^./]+$/;
const JPEG_NAME = /\.jpe?g$/i;

/** Whether a path is that of a JPEG file. */
export function isJpeg(path: string): boolean {
  return JPEG_NAME.test(path);
}

/** How many variations of an image are wanted. */
function countOf({ own }: PlannedImage, { imagesPerPrompt }: OutputNames): number {
  return own?.imagesPerPrompt ?? imagesPerPrompt;
}

/** How many variations of images are wanted in all. */
export function countVariations(images: readonly PlannedImage[], names: OutputNames): number {
  return images.reduce((sum, image) => sum + countOf(image, names), 0);
}

/** Where a variation goes: in place of its image, or, of several, in a folder of the image's name. */
function outputPath(image: PlannedImage, index: number, names: OutputNames): string {
  const { key } = image;
  const { format } = names;
  const own = EXTENSION.exec(key)?.[0] ?? "";
  const stem = key.slice(0, key.length - own.length);
  const keeps = format === "source" && (isJpeg(key) || own.toLowerCase() === ".png");
  const extension = keeps ? own : format === "jpeg" ? ".jpg" : ".png";
  return countOf(image, names) === 1 ? `${stem}${extension}` : `${stem}/${index}${extension}`;
}

/** Where an image is read from; undefined where there is none. */
function sourceOf({ key, sourcePath, place }: PlannedImage): ImageSource | undefined {
  if (sourcePath === undefined) return undefined;
  return place === undefined
    ? fileSource(sourcePath)
    : placedSource(place, `${key} in ${sourcePath}`);
}

/** The variations of an image. */
export function variationsOf(image: PlannedImage, names: OutputNames): PlannedVariation[] {
  const { own = {} } = image;
  const source = sourceOf(image);
  return Array.from({ length: countOf(image, names) }, (_, index) => ({
    ...image,
    source,
    prompt: own.prompt,
    negativePrompt: own.negativePrompt,
    guidanceScale: own.scale,
    index,
    path: outputPath(image, index, names),
  }));
}

/**
 * Refuses images whose variations could not be told apart: one has the very name of its image, or differs from those of
 * all other images in more than the extension. So they are paired with their images, too.
 *
 * @throws {TypeError} if there are such, naming two
 */
export function checkNames(images: readonly PlannedImage[], names: OutputNames): void {
  const stemOf = ({ key }: PlannedImage) => key.replace(EXTENSION, "");
  const byStem = Map.groupBy(images, stemOf);
  const folders = new Map(
    images.filter((image) => countOf(image, names) > 1).map((image) => [stemOf(image), image]),
  );
  const below = images.find(({ key }) => folders.has(dirname(key)));
  if (below !== undefined) {
    throw new GenviewTypeError(
      `Cannot generate several variations of ${
        folders.get(dirname(below.key))!.key
      }: they go into the folder of its name, found the image ` +
        `${below.key} of that folder; rename one of them, or generate one variation of each`,
    );
  }
  for (const others of byStem.values()) {
    const unlike = others.find((image) => outputPath(image, 0, names) !== image.key);
    if (others.length === 1 || unlike === undefined) continue;
    const rival = others.find((image) => image !== unlike)!;
    throw new GenviewTypeError(
      `Cannot generate variations of ${rival.key} and ${unlike.key}: where images differ in nothing but their ` +
        `extension, a variation must have the very name of its image, found ${
          outputPath(unlike, 0, names)
        } for ${unlike.key}; rename one of them`,
    );
  }
}
