/**
 * A run as its folder describes it, which may be anybody's.
 *
 * @module
 */
import { basename } from "node:path";
import { viewRecipes } from "../../data/views/named_views.ts";
import type { ViewRecipe } from "../../data/views/recipe.ts";
import { GenviewNotFound, GenviewRangeError, isGenviewError } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import type { Configuration } from "../../method/configuration.ts";
import { resolveConfiguration } from "../../method/resolve_configuration.ts";
import { readDescription, type RunDescription } from "../../train/run/run_description.ts";
import { listCheckpoints } from "../../weights/checkpoint/list.ts";
import { type CheckpointState, loadCheckpointState } from "../../weights/checkpoint/state.ts";
import { below, plainFile } from "../confined_files.ts";
import { lastRecord } from "../runs/last_record.ts";
import type { StudioContext } from "../studio_context.ts";

/** Height and width of a view, at most: one of a hostile configuration would fill the memory. */
const MOST_SIZE = 1024;

/** A run as its folder describes it. */
export interface RecordedRun {
  /** Its path below the studio's root. */
  readonly run: string;
  /** Its folder. */
  readonly folder: string;
  /** What it was started with. */
  readonly description: RunDescription;
  /** The whole configuration. */
  readonly configuration: Configuration;
  /** Recipes of its views. */
  readonly recipes: readonly ViewRecipe[];
}

/** A checkpoint of a run, of which the state was read. */
export interface RecordedCheckpoint {
  /** Name of its folder, such as `step-000000522`. */
  readonly name: string;
  /** Its folder. */
  readonly path: string;
  /** Its state. */
  readonly state: CheckpointState;
}

/**
 * Reads the description of a run.
 *
 * @param run path below the studio's root
 * @throws {TypeError} if it is none, or its configuration is wrong
 * @throws {RangeError} if its views are larger than is shown
 * @throws {Deno.errors.NotFound} if there is none
 */
export async function openRecordedRun(
  context: Pick<StudioContext, "resolve">,
  run: string,
): Promise<RecordedRun> {
  const folder = await context.resolve(run);
  await plainFile(context, below(run, "configuration.json"));
  const description = await readDescription(folder);
  const configuration = resolveConfiguration(description.configuration);
  const recipes = viewRecipes(configuration);
  const largest = Math.max(...recipes.map(({ size }) => size));
  if (largest <= MOST_SIZE) return { run, folder, description, configuration, recipes };
  throw new GenviewRangeError(
    `Cannot show the run ${run}: its views must have at most ${MOST_SIZE} pixels in each direction, found ${largest}`,
  );
}

/**
 * The epoch that a run is in or has ended with, counted from 0: that of its last step.
 *
 * @throws {TypeError} if a link leads its log out of the root
 */
export async function lastEpoch(
  context: Pick<StudioContext, "resolve">,
  { run }: Pick<RecordedRun, "run">,
): Promise<number> {
  const path = await ifThere(context.resolve(below(run, "steps.jsonl")));
  return path === undefined ? 0 : lastRecord(path)?.["epoch"] ?? 0;
}

/**
 * The epoch that is asked for, or else the last.
 *
 * @throws {RangeError} if the run has none of this number
 */
export async function chosenEpoch(
  context: Pick<StudioContext, "resolve">,
  run: RecordedRun,
  asked: number | undefined,
): Promise<number> {
  const { epochs } = run.configuration;
  // An option that was lowered since leaves steps of later epochs behind.
  const epoch = asked ?? Math.min(await lastEpoch(context, run), Math.max(0, epochs - 1));
  if (epoch < Math.max(1, epochs)) return epoch;
  throw new GenviewRangeError(
    `Cannot show epoch ${epoch} of ${run.run}: it must lie in [0, ${epochs}), counted from 0`,
  );
}

/** A checkpoint's state; undefined of one that is damaged, or was removed meanwhile. */
async function stateOf(path: string): Promise<CheckpointState | undefined> {
  try {
    return await loadCheckpointState(path);
  } catch (error) {
    if (isGenviewError(error)) return undefined;
    throw error;
  }
}

/**
 * The checkpoints of a run that are whole as far as their state tells, the oldest first.
 *
 * @throws {TypeError} if a link leads them out of the root
 */
export async function recordedCheckpoints(
  context: Pick<StudioContext, "resolve">,
  { run }: Pick<RecordedRun, "run">,
): Promise<RecordedCheckpoint[]> {
  const folder = await ifThere(context.resolve(below(run, "checkpoints")));
  if (folder === undefined) return [];
  const found: RecordedCheckpoint[] = [];
  for (const { path } of await listCheckpoints(folder)) {
    const name = basename(path);
    const files = ["state.json", "model.safetensors"].map((file) =>
      plainFile(context, below(run, `checkpoints/${name}/${file}`))
    );
    const isWhole = (await Promise.all(files)).every((file) => file !== undefined);
    const state = isWhole ? await stateOf(path) : undefined;
    if (state !== undefined) found.push({ name, path, state });
  }
  return found;
}

/**
 * A checkpoint of a run by its name, or else its newest.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export function chosenCheckpoint(
  { run }: Pick<RecordedRun, "run">,
  checkpoints: readonly RecordedCheckpoint[],
  name: string | undefined,
): RecordedCheckpoint {
  const found = name === undefined
    ? checkpoints.at(-1)
    : checkpoints.find((checkpoint) => checkpoint.name === name);
  if (found !== undefined) return found;
  const known = checkpoints.map((checkpoint) => checkpoint.name).join(", ") || "none";
  throw new GenviewNotFound(
    `Cannot find the checkpoint ${name ?? ""} of ${run}: it has ${known}`.replace("  ", " "),
  );
}
