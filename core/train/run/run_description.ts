/**
 * The description of a run in its folder: `configuration.json`.
 *
 * @module
 */
import { withTodaysNames } from "../../method/former_names.ts";
import { GenviewAlreadyExists, GenviewNotFound, GenviewSyntaxError } from "../../errors/mod.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../../method/configuration.ts";
import { fileError } from "../../files/file_error.ts";
import { writeNewFile, writeNewFileInFolder } from "../../files/new_file.ts";
import { validate } from "../../schema/validate.ts";
import type { ConfigurationChange } from "./check_resumable.ts";

/** The contents of `configuration.json` in a run's folder. */
export interface RunDescription {
  /** Name of the method. */
  readonly method: string;
  /** Name of a bundled method, or address of its manifest, by which it is loaded again. */
  readonly address?: string;
  /** SHA-256 of the method's manifest and modules in hexadecimal digits, where it was loaded by name or address. */
  readonly sourceSha256?: string;
  /** Current configuration. */
  readonly configuration: Configuration;
  /** Weights that the backbone started with. */
  readonly from?: string;
  /** Whether heads and moving averages started with them too. */
  readonly fromHeads?: boolean;
  /** Checkpoint of another run from which this one started. */
  readonly startedFrom?: string;
  /** Processes that train it together; 1 if left out. */
  readonly ranks?: number;
  /** Options changed on resume, oldest first. */
  readonly changes?: readonly ConfigurationChange[];
}

/** What every description has. */
const SCHEMA = {
  type: "object",
  required: ["method", "configuration"],
  properties: {
    method: { type: "string" },
    address: { type: "string" },
    sourceSha256: { type: "string" },
    configuration: { type: "object" },
    from: { type: "string" },
    fromHeads: { type: "boolean" },
    startedFrom: { type: "string" },
    ranks: { type: "integer", minimum: 1 },
    changes: { type: "array" },
  },
} as const;

function pathIn(output: string): string {
  return join(output, "configuration.json");
}

function format(description: RunDescription): string {
  return JSON.stringify(description, null, 2) + "\n";
}

/**
 * Reads the description of the run in a folder.
 *
 * @throws {Deno.errors.NotFound} if the folder holds no run
 * @throws {SyntaxError} if it is damaged
 * @throws {TypeError} if it names no method and no configuration, whose options are checked where they are used
 */
export async function readDescription(output: string): Promise<RunDescription> {
  try {
    const description: unknown = JSON.parse(await Deno.readTextFile(pathIn(output)));
    const action = `open the run in ${output}`;
    const found = validate<RunDescription>(SCHEMA, description, action, "its configuration.json");
    return { ...found, configuration: withTodaysNames(found.configuration) };
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new GenviewSyntaxError(
        `Cannot open the run in ${output}: its configuration.json is damaged (${cause.message}); restore the ` +
          "file, or remove the folder and start again",
        { cause },
      );
    }
    if (!(cause instanceof Deno.errors.NotFound)) {
      throw fileError(`read ${pathIn(output)}`, cause);
    }
    throw new GenviewNotFound(
      `Cannot open the run in ${output}: it must hold a configuration.json, found none; start a run there instead`,
      { cause },
    );
  }
}

/**
 * Checks that a run may start in a folder.
 *
 * @throws {Deno.errors.AlreadyExists} if the folder holds a run
 */
export function checkNoRun(output: string): void {
  if (!existsSync(pathIn(output))) return;
  throw new GenviewAlreadyExists(
    `Cannot start a run in ${output}: it holds one; resume it, or name another output folder`,
  );
}

/**
 * Describes a run that starts.
 *
 * @throws {Deno.errors.AlreadyExists} if the folder holds a run
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function writeDescription(
  output: string,
  { changes = [], ...known }: RunDescription,
): Promise<void> {
  checkNoRun(output);
  const described = { ...known, ...(changes.length > 0 && { changes }) };
  await writeNewFileInFolder(pathIn(output), format(described));
}

/**
 * Updates the description of a run that is resumed after a step. Changes that were made after that step are dropped:
 * nothing that is left of the run was computed with them.
 *
 * @throws {Deno.errors.NotFound} if the folder holds no run
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function updateDescription(
  output: string,
  { changes = [], ...description }: RunDescription,
  resumedAt: number,
): Promise<void> {
  const { startedFrom, from, fromHeads, changes: known = [] } = await readDescription(output);
  const all = [...known.filter(({ step }) => step < resumedAt), ...changes];
  const text = format({
    ...description,
    ...(from !== undefined && { from }),
    ...(fromHeads !== undefined && { fromHeads }),
    ...(startedFrom !== undefined && { startedFrom }),
    ...(all.length > 0 && { changes: all }),
  });
  await writeNewFile(pathIn(output), text, { overwrite: true });
}
