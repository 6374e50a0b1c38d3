/**
 * Options that name files and folders: where these may lie.
 *
 * @module
 */
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { isEmojiName } from "../../data/open_data.ts";
import { isShardName } from "../../data/shards/shard_names.ts";
import { expand } from "../../deps/brace_expansion.ts";
import { GenviewTypeError, isGenviewError } from "../../errors/mod.ts";
import type { JobRequest, StudioTask } from "../api/actions.ts";
import { isReadable } from "../confined_files.ts";
import type { StudioContext } from "../studio_context.ts";

/**
 * What an option names: `made`, what the task writes, below the root; `run`, a folder below the root that is there, in
 * which the task writes too; `found`, a file or folder that is there and that the studio may read; `data`, images by a name
 * such as `emoji-google`, shards, or what is there; `named`, what is there, or a name of something else.
 */
export type Place = "made" | "run" | "found" | "data" | "named";

/** Options of all tasks that name places; an option of this name with a list of values, such as `--from images`, names none. */
export const OPTION_PLACES: Readonly<Record<string, Place>> = {
  output: "made",
  outputDir: "made",
  outputPrefix: "made",
  data: "data",
  evaluationData: "data",
  train: "data",
  test: "data",
  variations: "data",
  inputList: "data",
  inputPrefix: "data",
  inputFile: "found",
  inputDir: "found",
  relativeTo: "found",
  classes: "found",
  labelled: "found",
  weights: "found",
  pcaVectors: "found",
  measures: "found",
  resume: "named",
  from: "named",
  config: "named",
  method: "named",
  model: "named",
  generator: "named",
  encoder: "named",
  imageEncoder: "named",
  layoutData: "named",
  qualityEncoder: "named",
  qualityComponent: "named",
};

/** What words beside the options name, in their order; of `generator` the first one says what is done. */
const WORD_PLACES: Readonly<Partial<Record<StudioTask, readonly (Place | "word")[]>>> = {
  train: ["named"],
  evaluate: ["run"],
  export: ["found", "made"],
  generator: ["word", "named"],
};

/** What the words of a request name. */
function wordPlaces({ task, positional }: JobRequest): readonly (Place | "word")[] {
  // A page of a generator is written into its own folder.
  if (task === "generator" && positional?.[0] === "show") return ["word", "run"];
  return WORD_PLACES[task] ?? [];
}

/** Something that is wrong with a request, and the option that it concerns. */
export interface RequestProblem {
  /** Name of the option in the task's schema; of a word beside the options its number, such as `1`. */
  readonly option: string;
  /** What is wrong. */
  readonly text: string;
}

/** A request whose places are absolute paths. */
export interface PlacedRequest {
  readonly request: JobRequest;
  readonly problems: readonly RequestProblem[];
}

/** A path below the root as names parted by `/`; undefined if it leads out of it. */
export function pathBelow(root: string, path: string): string | undefined {
  const way = relative(root, resolve(root, path));
  if (way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
  return way.split(sep).join("/");
}

/** What a task writes: an absolute path below the root. */
async function made(text: string, { root, resolveNew }: StudioContext): Promise<string> {
  const below = pathBelow(root, text);
  if (
    below === undefined || below === "" || below.split("/").some((name) => name.startsWith("."))
  ) {
    throw new GenviewTypeError(
      `Cannot write to ${
        JSON.stringify(text)
      }: it must be a path below the studio's root, of names that begin with no dot`,
    );
  }
  return await resolveNew(below);
}

/** What is there and written to: an absolute path below the root. */
async function there(text: string, { root, resolve }: StudioContext): Promise<string> {
  const below = pathBelow(root, text);
  if (below !== undefined) return await resolve(below === "" ? "." : below);
  throw new GenviewTypeError(
    `Cannot use ${
      JSON.stringify(text)
    }: it must lie below the studio's root, since results are written into it`,
  );
}

/** Where the name of a place leads to: an absolute path, or the name itself where it is one. */
async function placeOf(text: string, place: Place, context: StudioContext): Promise<string> {
  if (place === "made") return await made(text, context);
  if (place === "run") return await there(text, context);
  if (place === "data" && isEmojiName(text)) return text;
  const path = resolve(context.root, text);
  if (await isReadable(path, context)) return path;
  // Addresses are refused where they are used, with what may be named instead.
  if (place === "named" && (!/[\\/]/.test(text) || text.includes("://"))) return text;
  if (place === "data" && isShardName(text)) {
    // A pattern or a range of shards, whose folders must be there; the task says which shards are missing.
    const folders = await Promise.all(
      expand(path).map((each) => isReadable(dirname(each), context)),
    );
    if (folders.every((isThere) => isThere)) return path;
  }
  throw new GenviewTypeError(
    `Cannot find ${
      JSON.stringify(text)
    }: it must be there, below the studio's root or below a folder that was named beside it`,
  );
}

/** A value in which nothing is a text that no program could be given. */
function hasNul(value: unknown): boolean {
  return JSON.stringify(value).includes("\\u0000");
}

/**
 * A request whose places are absolute, so that its command line does the same from any folder. What a task writes by
 * default is named too, below the root.
 *
 * @param schemas properties of the task's options
 */
export async function placeRequest(
  request: JobRequest,
  schemas: Readonly<Record<string, { readonly default?: unknown; readonly enum?: unknown }>>,
  context: StudioContext,
): Promise<PlacedRequest> {
  const problems: RequestProblem[] = [];
  async function placed(option: string, value: unknown, place: Place | undefined) {
    if (hasNul(value)) {
      problems.push({ option, text: `Cannot give ${option} to a program: it holds a NUL` });
      return value;
    }
    if (place === undefined || typeof value !== "string" || value === "") return value;
    try {
      return await placeOf(value, place, context);
    } catch (error) {
      if (!isGenviewError(error)) throw error;
      problems.push({ option, text: error.message });
      return value;
    }
  }
  const options: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const place = schema.enum === undefined && Object.hasOwn(OPTION_PLACES, name)
      ? OPTION_PLACES[name]
      : undefined;
    const given = Object.hasOwn(request.options, name)
      ? request.options[name]
      : place === "made"
      ? schema.default
      : undefined;
    if (given === undefined || (place === "made" && given === "")) continue;
    options[name] = await placed(name, given, place);
  }
  const words = wordPlaces(request);
  const positional: string[] = [];
  for (const [i, word] of (request.positional ?? []).entries()) {
    const place = words[i];
    positional.push(await placed(`${i + 1}`, word, place === "word" ? undefined : place) as string);
  }
  const { task } = request;
  return {
    request: { task, ...(positional.length > 0 && { positional }), options },
    problems,
  };
}

/** How many words a task takes beside its options, and the fewest. */
export function wordCounts({ task }: JobRequest): readonly [fewest: number, most: number] {
  const most = WORD_PLACES[task]?.length ?? 0;
  return [task === "train" ? 0 : task === "generator" ? 1 : most, most];
}

/** What a request writes into or reads as a run, as a path below the root; undefined where it names none. */
export function runOf(
  { task, positional = [], options }: JobRequest,
  root: string,
): string | undefined {
  const named = task === "evaluate" || task === "export" ? positional[0] : options["output"];
  if (typeof named !== "string") return undefined;
  const below = pathBelow(root, named)?.replace(/\/checkpoints\/[^/]+$/, "");
  return below === "" ? "." : below;
}
