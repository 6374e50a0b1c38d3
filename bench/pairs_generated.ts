/**
 * What cells of generated pairs share: the foreground of the images, their noise levels, and variations. All of it is
 * made once, by the calls that the tasks make, and kept, so that a comparison that was stopped goes on.
 *
 * A variation depends on image, level, number, guidance scale and steps alone: those of one level, scale and number of
 * steps lie in one folder, to which every cell adds the images that it lacks, and a cell's own are a list of files.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../core/data/mod.ts";
import { openTokenNetwork, type TokenNetworkChoice } from "../core/encoders/mod.ts";
import type { Device } from "../core/engine/ort/mod.ts";
import { makeFolder, writeNewFile } from "../core/files/new_file.ts";
import { GenviewError } from "../core/errors/mod.ts";
import { extractFeatures, findComponent } from "../core/masking/mod.ts";
import { computeRatios, divideByLevel, parseLevelLines } from "../core/noise/mod.ts";
import { findUnclip, PublishedFolder, type SchedulerName } from "../core/unclip/mod.ts";
import { makeVariations } from "../core/variations/mod.ts";
import { MaskingDisplay } from "../tasks/cli/masking_display.ts";
import { VariationsDisplay } from "../tasks/cli/variations_display.ts";
import type { PairCell } from "./pairs_cells.ts";

/** The generator, and by what it sees. */
export interface GeneratorChoice {
  /** Folder in diffusers' layout, or a name. */
  readonly model: string;
  /** Network of masks and quality weights, as `openTokenNetwork` takes it; the generator's image encoder when empty. */
  readonly encoder: string;
  /** Height and width of that network's images, in pixels; its own when 0. */
  readonly encoderSize: number;
  /** Steps of the scheduler, where a cell has none of its own. */
  readonly steps: number;
  /** Classifier-free guidance scale, where a cell has none of its own. */
  readonly guidance: number;
  /** The scheduler. */
  readonly scheduler: "model" | SchedulerName;
}

/** Where the work is done, and how it is stopped. */
export interface Work {
  readonly device: Device;
  /** The device as options name it. */
  readonly deviceName: string;
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** What is foreground in the images, and how much noise each bears. */
export interface Foregrounds {
  /** File of the principal component. */
  readonly component: string;
  /** The network that found it. */
  readonly network: TokenNetworkChoice;
  /** Paths of the images by level, within the folder of all. */
  readonly levels: ReadonlyMap<number, readonly string[]>;
}

/** The images, and where what is made of them goes. */
export interface GeneratedFiles {
  /** Folder of the images. */
  readonly images: string;
  /** The images in it. */
  readonly dataset: Dataset;
  /** Height and width of the images and of their variations, in pixels. */
  readonly size: number;
  /** Folder of features, ratios and variations. */
  readonly folder: string;
}

/** How the network of masks and quality weights is opened. */
export async function encoderOf(
  { model, encoder, encoderSize: imageSize }: Pick<
    GeneratorChoice,
    "model" | "encoder" | "encoderSize"
  >,
): Promise<TokenNetworkChoice> {
  if (encoder !== "") return { model: encoder, imageSize };
  const { folder, precision } = await findUnclip(model);
  const weights = await new PublishedFolder(folder).weights("image_encoder", precision);
  return { model: weights, imageSize };
}

/** Finds the foreground of the images, or what is left to be found; undefined if it was stopped. */
export async function findForegrounds(
  { dataset, folder }: GeneratedFiles,
  choice: GeneratorChoice,
  { device, threads, signal }: Work,
): Promise<Foregrounds | undefined> {
  using display = new MaskingDisplay();
  const control = { signal, report: display.show.bind(display) };
  const network = await encoderOf(choice);
  const extracted = await extractFeatures({
    ...{ network: await openTokenNetwork(network), images: dataset, device, threads },
    ...{ outputDir: join(folder, "features"), numExtract: dataset.length },
  }, control);
  if (!extracted.finished) return undefined;
  const ratios = join(folder, "ratios");
  const computed = await computeRatios({
    ...{ images: dataset, inputDir: extracted.folder, outputDir: ratios, device, threads },
  }, control);
  if (!computed.finished) return undefined;
  const { lists } = await divideByLevel({ inputFile: computed.path, outputDir: ratios });
  const levels = new Map<number, readonly string[]>();
  for (const { level, path } of lists) {
    const { lines } = parseLevelLines(await Deno.readTextFile(path));
    levels.set(level, lines.map((line) => line.path));
  }
  return { component: await findComponent(extracted.folder), network, levels };
}

/** The images of a cell by the level of their variations: one for all, or that of each. */
export function levelsOf(
  { level }: Pick<PairCell, "level">,
  { levels }: Pick<Foregrounds, "levels">,
): ReadonlyMap<number, readonly string[]> {
  return level === undefined ? levels : new Map([[level, [...levels.values()].flat()]]);
}

/**
 * Makes the variations of a cell that are not there yet.
 *
 * @returns the list of its variations, of which an image's are found by class and name; undefined if it was stopped
 * @throws {GenviewError} if variations have failed
 */
export async function cellVariations(
  cell: PairCell,
  { images, folder, size }: GeneratedFiles,
  foregrounds: Foregrounds,
  choice: GeneratorChoice,
  { deviceName: device, threads, signal }: Work,
): Promise<string | undefined> {
  const { steps = choice.steps, guidance = choice.guidance, variations = 1 } = cell;
  const place = join(folder, "variations", `steps-${steps}-guidance-${guidance}`);
  await makeFolder(place);
  const listed: string[] = [];
  for (let seed = 0; seed < variations; seed++) {
    for (const [level, paths] of levelsOf(cell, foregrounds)) {
      // Each number of variation is a seed, so that one of them does not ask for the others.
      const name = `level-${level}-seed-${seed}`;
      const inputList = join(place, `${name}.txt`);
      const lines = paths.map((path) => `${path} ${level}\n`).join("");
      await writeNewFile(inputList, lines, { overwrite: true });
      using display = new VariationsDisplay();
      const { failed, unreadable, stopped } = await makeVariations({
        ...{ inputList, inputPrefix: images, outputPrefix: join(place, name), seed, size },
        ...{ model: choice.model, scheduler: choice.scheduler, device, threads },
        ...{ numInferenceSteps: steps, scale: guidance },
      }, { signal, report: display.show });
      if (stopped) return undefined;
      if (failed + unreadable > 0) {
        throw new GenviewError(
          `Cannot compare pairs: every image must have its variations, found ${failed} failed and ${unreadable} ` +
            `unreadable in ${join(place, name)}`,
        );
      }
      listed.push(...paths.map((path) => `${name}/${path}\n`));
    }
  }
  const list = join(place, `${cell.level ?? "levels"}-${variations}.txt`);
  await writeNewFile(list, listed.join(""), { overwrite: true });
  return list;
}
