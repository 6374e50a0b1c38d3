/**
 * Images beside the variations that were generated of them.
 *
 * @module
 */
import { evenIndices } from "../../data/even_indices.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { linesOf } from "../../files/lines.ts";
import { GenviewNotFound } from "../../errors/mod.ts";
import { parseRatioLines } from "../../noise/mod.ts";
import { findVariations, type FoundVariation } from "../../variations/mod.ts";
import type { VariationsAnswer } from "../api/pictures.ts";
import {
  analysisFolder,
  folderOf,
  openRecordedImages,
  recordedImages,
  variationsFolder,
} from "./output_folder.ts";
import { below, plainFile } from "../confined_files.ts";
import type { PictureContext } from "./picture_context.ts";
import { thumbnail } from "./thumbnails.ts";

/** Which variations are asked for. */
export interface VariationsQuery {
  /** Folder of a pipeline or of variations, as a path below the studio's root. */
  readonly output: string;
  /** Images. */
  readonly count: number;
}

/** Variations of an image that are shown, at most. */
const SHOWN = 16;

/** Foreground ratios of some images; none where they were not measured. */
async function ratiosOf(
  context: PictureContext,
  output: string,
  keys: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const path = await plainFile(context, below(output, "ratios/fg_ratios.txt"));
  if (path === undefined) return found;
  const file = await explainingFileErrors(`read ${path}`, Deno.open(path));
  for await (const line of linesOf(file.readable)) {
    // Lines that are no ratios say nothing of an image; the stages that take them refuse them.
    for (const { path: key, ratio } of parseRatioLines(line).ratios) {
      if (keys.has(key)) found.set(key, ratio);
    }
  }
  return found;
}

/** Where the images lie that the variations were made of; undefined if no stage has recorded it. */
async function imagesOf(context: PictureContext, output: string): Promise<string | undefined> {
  const own = await recordedImages(context, output);
  if (own !== undefined) return own;
  const analysis = await ifThere(analysisFolder(context, output));
  return analysis === undefined ? undefined : await recordedImages(context, analysis);
}

/** Variations of an image with a noise level, by level; those of prompts alone have none. */
function levelled(
  variations: readonly FoundVariation[],
): (FoundVariation & { readonly level: number })[] {
  const found = variations.filter(
    (each): each is FoundVariation & { readonly level: number } => each.level !== undefined,
  );
  return found.sort((a, b) => a.level - b.level || a.index - b.index).slice(0, SHOWN);
}

/**
 * Some images of an output folder, each beside its variations by noise level.
 *
 * @throws {SyntaxError} if a manifest is malformed
 * @throws {Deno.errors.NotFound} if the folder holds none
 */
export async function variationsOf(
  context: PictureContext,
  { output, count }: VariationsQuery,
  signal: AbortSignal,
): Promise<VariationsAnswer> {
  const folder = await variationsFolder(context, output);
  const path = await context.resolve(folder);
  return await context.quickWork.run(`variations ${path} ${count}`, signal, async () => {
    const found = [...await findVariations([path])].filter(([, all]) => levelled(all).length > 0);
    const shown = evenIndices(found.length, count).map((at) => found[at]!);
    const ratios = await ratiosOf(context, output, new Set(shown.map(([key]) => key)));
    const find = await openRecordedImages(context.files, await imagesOf(context, output));
    const { pictures, files } = context;
    return {
      images: shown.map(([key, variations]) => {
        const ratio = ratios.get(key);
        return {
          original: {
            key,
            label: folderOf(key),
            picture: pictures.add(`original ${path} ${key}`, async () => {
              const source = find(key);
              if (source !== undefined) return await thumbnail(source);
              throw new GenviewNotFound(
                `Cannot show ${key}: where it lies is recorded by the stages features and ratios, found no record of it`,
              );
            }),
          },
          ...(ratio !== undefined && { ratio }),
          variations: levelled(variations).map(({ level, file, image }) => ({
            level,
            picture: pictures.add(`variation ${file}`, () => thumbnail(files.source(image))),
          })),
        };
      }),
    };
  });
}
