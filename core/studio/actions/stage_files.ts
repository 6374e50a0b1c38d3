/**
 * What the stages of GenView's path have left in their folders, while they are at work and afterwards.
 *
 * @module
 */
import { dirname } from "node:path";
import { readResults, RESULTS_FILE } from "../../evaluate/results.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { readAnalysis } from "../../masking/mod.ts";
import type { StageName } from "../../pipeline/choose_stages.ts";
import type { PipelineRecord } from "../../pipeline/pipeline_record.ts";
import { counted } from "../../schema/counted.ts";
import type { RunRow } from "../api/runs.ts";
import { below, entriesOf, plainFile } from "../confined_files.ts";
import type { StudioContext } from "../studio_context.ts";

/** Where a pipeline's files lie. */
export interface StageFiles {
  /** Its output folder, which may be anybody's, as a path below the root. */
  readonly output: string;
  readonly record: PipelineRecord;
  readonly context: Pick<StudioContext, "resolve" | "runs">;
}

/** What a stage has left. */
export interface StageTraces {
  /** Share of it that is done, as its files show, while it is not. */
  readonly progress: number;
  /** What it has found, once it is done. */
  readonly found: string;
  /** Pictures of it, as paths below the output folder. */
  readonly pictures?: readonly string[];
  /** The report's page, likewise. */
  readonly page?: string;
}

const LINE_FEED = 10;

/** Bytes of a manifest whose lines are looked at for variations that are shown, and how many are. */
const BEGINNING = 8192;
const SHOWN_VARIATIONS = 6;

/** Pictures of pairs that are shown: those of the last epochs. */
const SHOWN_PAIRS = 4;

/** What is in a folder of the output folder; nothing where there is none. */
function listed({ output, context }: StageFiles, path: string): Promise<Deno.DirEntry[]> {
  return entriesOf(context, below(output, path));
}

/** The real path of a plain file of the output folder; undefined if there is nothing. */
function file({ output, context }: StageFiles, path: string): Promise<string | undefined> {
  return plainFile(context, below(output, path));
}

/** The paths of which there are plain files. */
async function present(files: StageFiles, ...paths: string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => file(files, path)));
  return paths.filter((_, i) => found[i] !== undefined);
}

/** Lines of a text file, without reading it as a text; none where there is no file. */
async function countLines(files: StageFiles, path: string): Promise<number> {
  const real = await file(files, path);
  if (real === undefined) return 0;
  const opened = await explainingFileErrors(`read ${path}`, ifThere(Deno.open(real)));
  if (opened === undefined) return 0;
  let count = 0;
  for await (const bytes of opened.readable) {
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  }
  return count;
}

/** The first lines of a file, as far as they lie whole in its beginning. */
async function firstLines(files: StageFiles, path: string): Promise<string[]> {
  const real = await file(files, path);
  if (real === undefined) return [];
  using opened = await explainingFileErrors(`read ${path}`, Deno.open(real));
  const bytes = new Uint8Array(BEGINNING);
  const length = await opened.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length)).split("\n").slice(0, -1);
}

/** The path of a variation, as a line of a manifest has it; nothing where the line is of another form. */
function variationOf(line: string): string[] {
  try {
    const { path } = (JSON.parse(line) ?? {}) as { readonly path?: unknown };
    return typeof path === "string" ? [`variations/${path}`] : [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}

/** Files of features below a folder; links lead nowhere. */
async function countFeatures(files: StageFiles, path: string): Promise<number> {
  let count = 0;
  for (const { name, isFile, isDirectory } of await listed(files, path)) {
    if (isFile && name.endsWith(".npy")) count++;
    else if (isDirectory) count += await countFeatures(files, `${path}/${name}`);
  }
  return count;
}

/** A share; nothing of nothing is none of it. */
function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** A whole number of a stage's settings, which are plain data of a file. */
function settingOf({ record }: StageFiles, stage: StageName, ...names: string[]): number {
  const found = names.reduce<unknown>(
    (at, name) => (at as Record<string, unknown> | undefined)?.[name],
    record[stage]?.settings,
  );
  return typeof found === "number" ? found : 0;
}

/** How many images the pipeline is over. */
function imageCount(files: StageFiles): number {
  return settingOf(files, "features", "images", "count");
}

/** Folders of networks' features, as paths below the output folder: those of masks first. */
async function networkFolders(files: StageFiles): Promise<string[]> {
  const found: string[] = [];
  for (const purpose of ["masks", "quality"]) {
    for (const { name, isDirectory } of await listed(files, `features/${purpose}`)) {
      if (isDirectory && !name.startsWith(".")) found.push(`features/${purpose}/${name}`);
    }
  }
  return found;
}

async function features(files: StageFiles): Promise<StageTraces> {
  const { record } = files;
  const wanted = settingOf(files, "features", "numExtract");
  const networks = record.features?.settings["networks"];
  const networkCount = Array.isArray(networks) ? networks.length : 1;
  const folders = await networkFolders(files);
  const [found, pictures]: [string[], string[]] = [[], []];
  let stored = 0;
  for (const path of folders) {
    stored += await countFeatures(files, `${path}/features`);
    const threshold = await file(files, `${path}/threshold.json`);
    const analysis = threshold === undefined ? undefined : await readAnalysis(dirname(threshold));
    if (analysis === undefined) continue;
    const { network, images, foregroundShare } = analysis;
    found.push(
      `${(100 * foregroundShare).toFixed(1)} % of the tokens of ${
        counted(images, "image")
      } by ${network} are foreground`,
    );
    pictures.push(...await present(files, `${path}/overview.png`));
  }
  return { progress: share(stored, wanted * networkCount), found: found.join("; "), pictures };
}

async function ratios(files: StageFiles): Promise<StageTraces> {
  const count = await countLines(files, "ratios/fg_ratios.txt");
  const found = `${counted(count, "image")} of ${imageCount(files)} with a foreground ratio`;
  const pictures = await present(files, "ratios/examples.png");
  return { progress: share(count, imageCount(files)), found, pictures };
}

async function levels(files: StageFiles): Promise<StageTraces> {
  const lists: { level: number; count: number }[] = [];
  for (const { name } of await listed(files, "levels")) {
    const [, level] = /^fg_ratios_(\d+)\.txt$/.exec(name) ?? [];
    if (level === undefined) continue;
    lists.push({ level: Number(level), count: await countLines(files, `levels/${name}`) });
  }
  lists.sort((a, b) => a.level - b.level);
  const total = lists.reduce((sum, { count }) => sum + count, 0);
  return {
    progress: share(total, imageCount(files)),
    found: `images by noise level: ${
      lists.map(({ level, count }) => `${count} at ${level}`).join(", ")
    }`,
    pictures: await present(files, "levels/noise_levels.png"),
  };
}

async function variations(files: StageFiles): Promise<StageTraces> {
  let count = 0;
  const pictures: string[] = [];
  for (const { name, isFile } of await listed(files, "variations")) {
    // Processes that share the work have a manifest each until they are done.
    if (!isFile || !/^manifest.*\.jsonl$/.test(name)) continue;
    count += await countLines(files, `variations/${name}`);
    const made = (await firstLines(files, `variations/${name}`)).flatMap(variationOf);
    pictures.push(...await present(files, ...made.slice(0, SHOWN_VARIATIONS - pictures.length)));
  }
  const each = settingOf(files, "variations", "numImagesPerPrompt") || 1;
  const total = imageCount(files) * each;
  const found = `${count} of ${counted(total, "variation")}`;
  return { progress: share(count, total), found, pictures };
}

/** The row of the run; undefined before it has begun. */
export async function rowIn({ output, context }: StageFiles): Promise<RunRow | undefined> {
  return await ifThere(context.runs.row(below(output, "run")));
}

async function pretraining(files: StageFiles): Promise<StageTraces> {
  const row = await rowIn(files);
  if (row === undefined) return { progress: 0, found: "" };
  const { step, totalSteps = 0, metrics } = row;
  const loss = metrics["loss"];
  const entries = await listed(files, "run/pairs");
  const epoch = (name: string) => Number(/\d+/.exec(name)?.[0] ?? 0);
  const pairs = entries.map(({ name }) => name).filter((name) => name.endsWith(".png"))
    .sort((a, b) => epoch(a) - epoch(b)).slice(-SHOWN_PAIRS);
  return {
    progress: share(step, totalSteps),
    found: `trained ${counted(step, "step")}` +
      (loss === undefined ? "" : `, with a loss of ${loss.toPrecision(4)} at last`),
    pictures: pairs.map((name) => `run/pairs/${name}`),
  };
}

async function evaluation(files: StageFiles): Promise<StageTraces> {
  const path = await file(files, `run/${RESULTS_FILE}`);
  const results = path === undefined ? [] : await readResults(dirname(path));
  const found = results.flatMap(({ name, figures: { top1 }, checkpoint }) =>
    top1 === undefined
      ? []
      : [`${name} ${(100 * top1).toFixed(2)} %${checkpoint.step === 0 ? " before training" : ""}`]
  );
  // Weights before training are evaluated first, and then those after it.
  return {
    progress: results.length > 0 ? 0.5 : 0,
    found: found.join(", "),
    pictures: await present(files, "run/results.png"),
  };
}

async function report(files: StageFiles): Promise<StageTraces> {
  const page = "report/index.html";
  const isThere = await file(files, page) !== undefined;
  return { progress: 0, found: "one page on all stages", ...(isThere && { page }) };
}

/** What each stage has left. */
export const STAGE_FILES: Readonly<
  Record<StageName, (files: StageFiles) => Promise<StageTraces>>
> = { features, ratios, levels, variations, pretraining, evaluation, report };
