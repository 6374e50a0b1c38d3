/**
 * `deno task variations-grid`: images and their variations at each noise level, as one picture.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewSyntaxError, GenviewTypeError } from "../core/errors/mod.ts";
import { isAbsolute, join, relative, resolve } from "node:path";
import { openImage, type RgbImage } from "../core/data/mod.ts";
import { sharp } from "../core/deps/sharp.ts";
import { type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { resolveDevice } from "../core/engine/ort/mod.ts";
import { noiseLevel, parseRatioLines } from "../core/noise/mod.ts";
import { imageGrid } from "../core/plot/mod.ts";
import { generateVariations } from "../core/unclip/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { chooseUnclip, openUnclip, UNCLIP_OPTIONS, type UnclipValues } from "./unclip_option.ts";
import { ProgressDisplay } from "./cli/variations_display.ts";
import { readManifests } from "./variations_manifest.ts";
import { type PlannedImage, planVariations, variationsOf } from "./variations_plan.ts";

const COMMAND: Command = {
  name: "variations-grid",
  summary:
    "Draws images and their variations at each noise level side by side: variations that folders have, or, with " +
    "--model, such as are generated for it, by the noise that they would have under variations.",
  positional: "[FOLDER ...]",
  examples: [
    {
      command:
        "deno task variations-grid --model stable-unclip-2-1 --input-list photos.txt --count 4 " +
        "--ratios ratios/fg_ratios.txt --output grid.png",
      does:
        "generates all levels for the list's first four images, and marks each image's own level",
    },
    {
      command:
        "deno task variations-grid --input-prefix data/train --output grid.png data/train_variations",
      does: "from what variations has made, each image at its level",
    },
    {
      command:
        "deno task variations-grid --input-prefix photos --output grid.png level_0 level_200 level_400",
      does: "from folders of several runs, one for each level",
    },
  ],
  options: {
    type: "object",
    required: ["output"],
    properties: {
      output: { type: "string", description: "the picture, a PNG file" },
      inputList: { type: "string", default: "", description: "with --model: lines of paths" },
      inputPrefix: {
        type: "string",
        default: "",
        description: "folder of the images; the working folder when empty",
      },
      relativeTo: {
        type: "string",
        default: "",
        description: "folder that the variations' tree mirrors; --input-prefix when empty",
      },
      ratios: {
        type: "string",
        default: "",
        description: "fg_ratios.txt, to write each image's foreground ratio below it",
      },
      levels: {
        type: "array",
        items: { type: "integer", minimum: 0, maximum: 999 },
        minItems: 1,
        default: [0, 100, 200, 300, 400],
        description: "noise levels of the columns",
      },
      count: { type: "integer", minimum: 1, default: 8, description: "images, at most" },
      cell: {
        type: "integer",
        minimum: 32,
        default: 160,
        description: "height and width of an image in the picture",
      },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of all noise" },
      batchSize: {
        type: "integer",
        minimum: 1,
        default: 1,
        description: "images that are denoised together",
      },
      ...UNCLIP_OPTIONS,
      model: {
        type: "string",
        default: "",
        description: "generate by it: a folder in diffusers' layout, or a name such as " +
          "stable-unclip-2-1",
      },
      overwrite: { type: "boolean", default: false, description: "replace the picture" },
    },
  },
};

interface Values extends UnclipValues {
  readonly output: string;
  readonly inputList: string;
  readonly inputPrefix: string;
  readonly relativeTo: string;
  readonly ratios: string;
  readonly levels: readonly number[];
  readonly count: number;
  readonly cell: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly overwrite: boolean;
}

/** A row: an image, and its variations by level. */
interface Row {
  readonly key: string;
  readonly original: RgbImage;
  readonly variations: ReadonlyMap<number, RgbImage>;
}

async function readImage(path: string): Promise<RgbImage> {
  return await (await openImage(await Deno.readFile(path), path)).decode();
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

/** First variation of each image and level that the manifests of folders have. */
async function findRows(folders: readonly string[], values: Values): Promise<Row[]> {
  const { levels, count, inputPrefix, relativeTo } = values;
  const found = new Map<string, Map<number, string>>();
  for (const folder of folders) {
    for await (const { path, source, level, index } of readManifests(folder)) {
      if (index !== 0 || !levels.includes(level)) continue;
      const row = found.get(source) ?? new Map<number, string>();
      found.set(source, row.set(level, join(folder, path)));
    }
  }
  if (found.size === 0) {
    throw new GenviewTypeError(
      `Cannot draw a grid: the manifests of ${folders.join(", ")} must have variations of levels ` +
        `${levels.join(", ")}, found none`,
    );
  }
  const chosen = chooseVaried(found).slice(0, count);
  return await Promise.all(chosen.map(async ([key, paths]) => ({
    key,
    original: await readImage(join(relativeTo || inputPrefix || ".", key)),
    variations: new Map(
      await Promise.all(
        [...paths].map(async ([level, path]) => [level, await readImage(path)] as const),
      ),
    ),
  })));
}

/** Generates the variations of some images at all levels. */
async function generateRows(
  images: readonly PlannedImage[],
  values: Values,
  signal: AbortSignal,
): Promise<Row[]> {
  const { levels, seed, batchSize, threads, negativePrompt, numInferenceSteps, scale } = values;
  const rows = await Promise.all(images.map(async ({ key, sourcePath }) => ({
    key,
    original: await readImage(sourcePath),
    variations: new Map<number, RgbImage>(),
  })));
  const wanted = images.flatMap((image, row) => {
    const [variation] = variationsOf(image, { imagesPerPrompt: 1, format: "png" });
    return levels.map((level) => ({ ...variation!, level, row }));
  });
  const model = await chooseUnclip(values, resolveDevice(values.device));
  const run = { steps: numInferenceSteps, scale, threads, batchSize };
  using pipeline = await openUnclip(model, run);
  using show = new ProgressDisplay();
  show.start(wanted.length, 0);
  const batches = generateVariations(pipeline, wanted, {
    ...{ seed, batchSize, prompt: model.prompt, negativePrompt, signal },
    onUnreadable: (error) => {
      throw error;
    },
  });
  for await (const batch of batches) {
    for (const { wanted: { row, level }, image } of batch) rows[row]!.variations.set(level, image);
    show.advance(batch.length, 0);
  }
  return rows;
}

/** An image in its own proportions, its longer side filling a cell, at two pixels to a unit. */
async function fit({ width, height, data }: RgbImage, cell: number): Promise<Tensor<"uint8">> {
  const raw = { width, height, channels: 3 } as const;
  const resized = await sharp(data, { raw })
    .resize({ width: 2 * cell, height: 2 * cell, fit: "inside", kernel: "cubic" })
    .raw().toBuffer({ resolveWithObject: true });
  const { info } = resized;
  return tensor("uint8", [info.height, info.width, 3], new Uint8Array(resized.data));
}

/** What stands in for a variation that there is none of. */
function blank(cell: number): Tensor<"uint8"> {
  return tensor("uint8", [2 * cell, 2 * cell, 3], new Uint8Array(12 * cell ** 2).fill(245));
}

/** Foreground ratios by the images' paths within the tree. */
async function readRatios({ ratios: path, inputPrefix, relativeTo }: Values) {
  if (path === "") return new Map<string, number>();
  const { ratios, malformed: [first] } = parseRatioLines(await Deno.readTextFile(path));
  if (first !== undefined) {
    throw new GenviewSyntaxError(`Cannot read ${path}: line ${first.line}: ${first.problem}`);
  }
  const root = resolve(relativeTo || inputPrefix || ".");
  return new Map(ratios.map((line) => {
    const place = isAbsolute(line.path) ? line.path : join(inputPrefix || ".", line.path);
    return [relative(root, resolve(place)), line.ratio];
  }));
}

/** What is written below an image and below its variations: how much of it is foreground, and which level that gives. */
function captionsOf(ratio: number | undefined, levels: readonly number[]): string[] {
  if (ratio === undefined) return ["", ...levels.map(() => "")];
  const own = noiseLevel(ratio);
  return [
    `foreground ${(100 * ratio).toFixed(0)} %`,
    ...levels.map((level) => level === own ? "the level it gets" : ""),
  ];
}

/** Draws the rows as the bytes of a PNG file. */
async function drawRows(
  rows: readonly Row[],
  ratios: ReadonlyMap<string, number>,
  { levels, cell }: Values,
): Promise<Uint8Array<ArrayBuffer>> {
  const images: Tensor<"uint8">[] = [];
  for (const { original, variations } of rows) {
    images.push(await fit(original, cell));
    for (const level of levels) {
      const variation = variations.get(level);
      images.push(variation === undefined ? blank(cell) : await fit(variation, cell));
    }
  }
  const captions = rows.flatMap(({ key }) => captionsOf(ratios.get(key), levels));
  return await imageGrid({
    images,
    columns: levels.length + 1,
    columnLabels: ["original", ...levels.map((level) => `noise ${level}`)],
    // Lines break at folders.
    rowLabels: rows.map(({ key }) => key.replaceAll("/", "/ ")),
    ...(captions.some((caption) => caption !== "") && { captions }),
    scale: 0.5,
  });
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const values = parsed.values as unknown as Values;
  const { output, model, inputList, count, overwrite } = values;
  const folders = parsed.positional;
  if ((model === "") === (folders.length === 0) || (model === "") !== (inputList === "")) {
    throw new GenviewTypeError(
      "Cannot draw a grid: it needs folders of variations, or --model and --input-list, found " +
        `${folders.length} folders, --model "${model}" and --input-list "${inputList}"`,
    );
  }
  if (!overwrite && await ifThere(Deno.lstat(output)) !== undefined) {
    throw new GenviewAlreadyExists(
      `Cannot write ${output}: the name must be free, found a file; --overwrite replaces it`,
    );
  }
  const ratios = await readRatios(values);
  using interrupt = interruptSignal();
  const plan = { ...values, auto: false, noiseLevel: undefined, imagesPerPrompt: 1 };
  let rows: Row[];
  if (model === "") rows = await findRows(folders, values);
  else {
    const images = (await planVariations({ ...plan, format: "source" })).slice(0, count);
    try {
      rows = await generateRows(images, values, interrupt.signal);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      console.log(`stopped; nothing is written to ${output}`);
      return;
    }
  }
  const picture = await drawRows(rows, ratios, values);
  await writeNewFile(output, picture, { overwrite });
  console.log(`${rows.length} images at levels ${values.levels.join(", ")}: ${output}`);
}

if (import.meta.main) await runTask(main);
