/**
 * Images and their variations at each noise level, as one picture.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import { GenviewNotFound, GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { isAbsolute, join, relative, resolve } from "node:path";
import { decodeSource } from "../data/decode/decode_source.ts";
import { fileSource, type ImageSource, type RgbImage } from "../data/mod.ts";
import { openDevice } from "../engine/ort/mod.ts";
import { checkFree } from "../files/check_free.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { writeNewFile } from "../files/new_file.ts";
import { parseRatioLines } from "../noise/mod.ts";
import { findGenerator, generateVariations, openUnclip } from "../unclip/mod.ts";
import { batchSizeOf } from "./batch_size.ts";
import { checkOptions } from "./check_options.ts";
import type { GridRow } from "./draw_grid.ts";
import { findVariations, type FoundVariation } from "./find_variations.ts";
import type { GenerationOptions } from "./generation_options.ts";
import { type PlannedImage, variationsOf } from "./output_names.ts";
import { planVariations } from "./plan.ts";
import { networkFailure, type VariationRunOptions } from "./progress.ts";

/** What is drawn, and where. */
export interface VariationGridOptions extends GenerationOptions {
  /** The picture, a PNG file. */
  readonly output: string;
  /** Folders of variations; with `model` none. */
  readonly folders?: readonly string[] | undefined;
  /** With `model`: a list of images. */
  readonly inputList?: string | undefined;
  /** Folder of the images (default the working folder). */
  readonly inputPrefix?: string | undefined;
  /** Folder that the variations' tree mirrors (default `inputPrefix`). */
  readonly relativeTo?: string | undefined;
  /** `fg_ratios.txt`, to write each image's foreground ratio below it. */
  readonly ratios?: string | undefined;
  /** Noise levels of the columns (default 0, 100, 200, 300 and 400). */
  readonly levels?: readonly number[] | undefined;
  /** Images, at most (default 8). */
  readonly count?: number | undefined;
  /** Height and width of an image in the picture (default 160). */
  readonly cell?: number | undefined;
  /** Generates the variations by this model, a folder in diffusers' layout or a name of the catalogue. */
  readonly model?: string | undefined;
  /** Variations that are denoised together at most (default as `makeVariations` has it). */
  readonly batchSize?: number | undefined;
  /** Whether an existing picture is replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/** A picture that has been written. */
export interface VariationGrid {
  /** Where it lies. */
  readonly path: string;
  /** Images in it. */
  readonly images: number;
  /** Noise levels of its columns. */
  readonly levels: readonly number[];
  /** Variations that could not be computed, whose cells are empty. */
  readonly failed: number;
}

const LEVELS = [0, 100, 200, 300, 400] as const;

async function readImage(path: string): Promise<RgbImage> {
  return await decodeSource(fileSource(path));
}

/** The folder that the tree of the variations mirrors. */
function rootOf({ relativeTo, inputPrefix }: VariationGridOptions): string {
  return relativeTo || inputPrefix || ".";
}

/** Refuses originals of which none is there: the tree that was mirrored lies elsewhere. */
async function checkOriginals(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path)));
    if (await found !== undefined) return;
  }
  throw new GenviewNotFound(
    `Cannot draw a grid: none of the ${counted(paths.length, "image")} is there, such as ${
      paths[0]
    }; ` +
      "--input-prefix names the folder whose tree the variations mirror",
  );
}

/** Images of most levels first; of those with as many, one of each level in turn, in the order of the manifests. */
function chooseVaried<T>(
  found: ReadonlyMap<string, ReadonlyMap<number, T>>,
): (readonly [string, ReadonlyMap<number, T>])[] {
  const taken = new Map<string, number>();
  const turns = [...found].map((entry) => {
    const levels = [...entry[1].keys()].sort((a, b) => a - b).join();
    const turn = taken.get(levels) ?? 0;
    taken.set(levels, turn + 1);
    return { entry, turn };
  });
  turns.sort((a, b) => b.entry[1].size - a.entry[1].size || a.turn - b.turn);
  return turns.map(({ entry }) => entry);
}

/** The first variation of each level. */
function firstOfLevels(
  variations: readonly FoundVariation[],
  levels: readonly number[],
): Map<number, ImageSource> {
  return new Map(
    variations.flatMap(({ index, level, image }) =>
      index === 0 && level !== undefined && levels.includes(level) ? [[level, image] as const] : []
    ),
  );
}

/** First variation of each image and level that the manifests of folders have. */
async function findRows(options: VariationGridOptions): Promise<GridRow[]> {
  const { folders = [], levels = LEVELS, count = 8 } = options;
  const found = new Map<string, Map<number, ImageSource>>();
  for (const [source, variations] of await findVariations(folders)) {
    const files = firstOfLevels(variations, levels);
    if (files.size > 0) found.set(source, files);
  }
  if (found.size === 0) {
    throw new GenviewTypeError(
      `Cannot draw a grid: the manifests of ${folders.join(", ")} must have variations of levels ` +
        `${levels.join(", ")}, found none`,
    );
  }
  const chosen = chooseVaried(found).slice(0, count);
  const original = (key: string) => join(rootOf(options), key);
  await checkOriginals(chosen.map(([key]) => original(key)));
  return await Promise.all(chosen.map(async ([key, files]) => ({
    key,
    original: await readImage(original(key)),
    variations: new Map(
      await Promise.all(
        [...files].map(async ([level, image]) => [level, await decodeSource(image)] as const),
      ),
    ),
  })));
}

/** Generates the variations of some images at all levels. */
async function generateRows(
  images: readonly PlannedImage[],
  options: VariationGridOptions,
  { signal, report }: VariationRunOptions,
): Promise<{ readonly rows: GridRow[]; readonly failed: number }> {
  const { levels = LEVELS, seed = 0, threads = 0, prompt = "", negativePrompt = "" } = options;
  // All have one: images are a condition here.
  await checkOriginals(images.map(({ sourcePath }) => sourcePath!));
  const first = images.map((image) =>
    variationsOf(image, { imagesPerPrompt: 1, format: "png" })[0]!
  );
  const rows = await Promise.all(first.map(async ({ key, source }) => ({
    key,
    original: await decodeSource(source!),
    variations: new Map<number, RgbImage>(),
  })));
  const wanted = first.flatMap((image, row) => levels.map((level) => ({ ...image, level, row })));
  const device = await openDevice(options.device ?? "auto", options.providerOption);
  const { precision, scheduler } = options;
  const { model, numInferenceSteps, scale } = await findGenerator(options.model!, {
    ...{ precision, scheduler, device },
    ...{ numInferenceSteps: options.numInferenceSteps, scale: options.scale },
  });
  const batchSize = await batchSizeOf(model, wanted.length, options.batchSize);
  const largest = images.reduce((most, { own }) => Math.max(most, own?.scale ?? scale), 1);
  const run = { steps: numInferenceSteps, guidanceScale: largest, threads, batchSize };
  using pipeline = await openUnclip(model, run);
  let [made, failed] = [0, 0];
  report?.({ kind: "start", total: wanted.length, existing: 0 });
  const batches = generateVariations(pipeline, wanted, {
    ...{ seed, batchSize, prompt, negativePrompt, guidanceScale: scale },
    ...(signal && { signal }),
    onUnreadable: (error) => {
      throw error;
    },
    onFailure: ({ key, level }, stage) => {
      failed++;
      const what = `${key} at level ${level}`;
      const failure = networkFailure(key, what, stage, model.precision);
      report?.({ kind: "failure", ...failure });
      report?.({ kind: "progress", made, unreadable: 0, failed });
    },
    onWidened: ({ key, level }) => {
      const text =
        `the VAE overflows in float16 at ${key}, level ${level}, which is decoded in float32`;
      report?.({ kind: "note", text });
    },
  });
  for await (const batch of batches) {
    for (const { wanted: { row, level }, image } of batch) rows[row]!.variations.set(level, image);
    made += batch.length;
    report?.({ kind: "progress", made, unreadable: 0, failed });
  }
  return { rows, failed };
}

/** Foreground ratios by the images' paths within the tree. */
async function readRatios(options: VariationGridOptions): Promise<Map<string, number>> {
  const { ratios: path, inputPrefix } = options;
  if (path === undefined || path === "") return new Map();
  const text = await explainingFileErrors(`read ${path}`, Deno.readTextFile(path));
  const { ratios, malformed: [first] } = parseRatioLines(text);
  if (first !== undefined) {
    throw new GenviewSyntaxError(`Cannot read ${path}: line ${first.line}: ${first.problem}`);
  }
  const root = resolve(rootOf(options));
  return new Map(ratios.map((line) => {
    const place = isAbsolute(line.path) ? line.path : join(inputPrefix || ".", line.path);
    return [relative(root, resolve(place)), line.ratio];
  }));
}

/** Refuses what contradicts itself, and a picture that is not to be replaced. */
async function checkInputs(options: VariationGridOptions): Promise<void> {
  const { output, folders = [], model = "", inputList = "", overwrite = false } = options;
  if ((model === "") === (folders.length === 0) || (model === "") !== (inputList === "")) {
    throw new GenviewTypeError(
      "Cannot draw a grid: it needs folders of variations, or --model and --input-list, found " +
        `${folders.length} folders, --model "${model}" and --input-list "${inputList}"`,
    );
  }
  if (!overwrite) await checkFree(output, "--overwrite replaces it");
}

/**
 * Draws images and their variations at each noise level: variations that folders have, or, with `model`, such as are
 * generated for it, from the noise that they would have in {@linkcode makeVariations}.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withModel } from "../../tests/core/variations/variation_fixture.ts";
 * import { makeVariationGrid } from "./grid.ts";
 *
 * await withModel(async (path) => {
 *   await Deno.writeTextFile(path("list.txt"), "cats/0.png\nbig dogs/0.png\n");
 *   const { images, failed } = await makeVariationGrid({
 *     output: path("grid.png"),
 *     model: path("model"), // such as "stable-unclip-2-1", once it has been pulled
 *     inputList: path("list.txt"),
 *     inputPrefix: path("images"),
 *     levels: [0, 400],
 *     numInferenceSteps: 2,
 *     device: "cpu",
 *     threads: 1,
 *   });
 *   assertEquals([images, failed, (await Deno.stat(path("grid.png"))).isFile], [2, 0, true]);
 * });
 * ```
 *
 * @throws {TypeError} if options are out of range or contradict each other, or no variation has one of the levels
 * @throws {Deno.errors.NotFound} if none of the images is there
 * @throws {Deno.errors.AlreadyExists} if the picture exists and is not to be replaced
 */
export async function makeVariationGrid(
  options: VariationGridOptions,
  run: VariationRunOptions = {},
): Promise<VariationGrid> {
  const { output, inputList = "", levels = LEVELS, count = 8, cell = 160 } = options;
  checkOptions(options, "draw a grid");
  await checkInputs(options);
  const ratios = await readRatios(options);
  let [rows, failed]: [GridRow[], number] = [[], 0];
  if (!options.model) rows = await findRows(options);
  else {
    const { inputPrefix, relativeTo } = options;
    const names = { imagesPerPrompt: 1, format: "source" } as const;
    const images = await planVariations({ inputList, inputPrefix, relativeTo, ...names });
    ({ rows, failed } = await generateRows(images.slice(0, count), options, run));
  }
  // Loads the libraries that draw, which no other use of this folder needs.
  const { drawGrid } = await import("./draw_grid.ts");
  const picture = await drawGrid(rows, { ratios, levels, cell });
  await writeNewFile(output, picture, { overwrite: options.overwrite ?? false });
  return { path: output, images: rows.length, levels, failed };
}
