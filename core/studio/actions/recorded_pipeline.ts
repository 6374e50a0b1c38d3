/**
 * What the pipeline of an output folder was last asked to do, as a request that does the same.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { readAsked } from "../../pipeline/pipeline_record.ts";
import type { JobRequest } from "../api/actions.ts";
import { below, plainFile, realPathOf } from "../confined_files.ts";
import type { StudioContext } from "../studio_context.ts";
import { OPTION_PLACES } from "./option_places.ts";

type Options = Readonly<Record<string, unknown>>;

/** A value whose place is absolute, where it names one that is there. */
async function placed(name: string, value: unknown, folder: string): Promise<unknown> {
  if (typeof value !== "string" || value === "" || !Object.hasOwn(OPTION_PLACES, name)) {
    return value;
  }
  const path = resolve(folder, value);
  return await realPathOf(path) === undefined ? value : path;
}

/**
 * The options of the last call in an output folder, by the names of the task's, but for the output; undefined if none is
 * recorded. The folder may be anybody's: whoever starts them checks them as any other request.
 *
 * @param output path below the root
 * @throws {GenviewTypeError} if the record is of another form, a link out of the root or no plain file
 */
export async function recordedOptions(
  output: string,
  context: Pick<StudioContext, "resolve">,
): Promise<JobRequest["options"] | undefined> {
  const path = await plainFile(context, below(output, "pipeline.json"));
  const asked = path === undefined ? undefined : await readAsked(dirname(path));
  if (asked === undefined) return undefined;
  const { configuration = {}, schedule, ...own } = asked.options;
  const { edges, levels } = (schedule ?? {}) as { edges?: unknown; levels?: unknown };
  const options: Options = {
    ...configuration,
    ...own,
    ...(edges !== undefined && { ranges: edges }),
    ...(levels !== undefined && { levels }),
    // Downloads were agreed to before the first stage was recorded, and nobody can answer in a queue.
    ...(own.published === true && { yes: true }),
  };
  const entries = Object.entries(options).map(async ([name, value]) =>
    [name, await placed(name, value, asked.folder)] as const
  );
  return Object.fromEntries(await Promise.all(entries));
}
