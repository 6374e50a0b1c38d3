/**
 * Forms as the page gets them: options with their schema, the method's own, and its presets.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { loadMethodByName } from "../../method/load.ts";
import type { Manifest } from "../../method/manifest.ts";
import type { PartialConfiguration } from "../../method/resolve_configuration.ts";
import { counted } from "../../schema/counted.ts";
import type { PropertySchema } from "../../schema/schema.ts";
import type { FormAnswer, StudioTask } from "../api/actions.ts";
import { isReadable } from "../confined_files.ts";
import type { StudioContext } from "../studio_context.ts";
import { OPTION_PLACES } from "./option_places.ts";
import { STUDIO_TASKS } from "./task_form.ts";
import { resolve } from "node:path";

/**
 * A task by its name.
 *
 * @throws {GenviewTypeError} if the studio starts none of this name
 */
export function taskOf(name: string | undefined): StudioTask {
  const task = STUDIO_TASKS.find((each) => each === name);
  if (task !== undefined) return task;
  throw new GenviewTypeError(
    `Cannot use the task ${JSON.stringify(name ?? "")}: it must be one of ${
      STUDIO_TASKS.join(", ")
    }`,
  );
}

/** What a preset is for, in a line. */
function presetSummary({ backbone, epochs, batchSize }: PartialConfiguration): string {
  return [
    ...(backbone === undefined ? [] : [backbone]),
    ...(epochs === undefined ? [] : [counted(epochs, "epoch")]),
    ...(batchSize === undefined ? [] : [`batches of ${batchSize}`]),
  ].join(", ");
}

/**
 * The manifest of a method by its name, or by a path, from the studio's root or a whole one, of what the studio may read.
 *
 * @throws {GenviewTypeError} if there is none, or it would have to be fetched
 */
export async function manifestOf(
  method: string,
  context: Pick<StudioContext, "root" | "dataFolders" | "known">,
): Promise<Manifest> {
  if (/^\w+:\/\//.test(method)) {
    throw new GenviewTypeError(
      `Cannot use the method ${
        JSON.stringify(method)
      }: the studio fetches nothing, so it must be the name of a method ` +
        "or a folder on this machine",
    );
  }
  const { methods } = context.known;
  const path = resolve(context.root, method);
  const isPath = !Object.hasOwn(methods, method) &&
    (await isReadable(path, context) || /[\\/]|\.json$/.test(method));
  return (await loadMethodByName(isPath ? path : method, methods)).manifest;
}

/** Whether a task can say what it would take before it is started. */
export function hasDryRun(task: StudioTask): boolean {
  return task === "train";
}

/** An option's schema, with what it names where that is a place. */
function withPlace(name: string, schema: PropertySchema): PropertySchema {
  const place = schema.enum === undefined && Object.hasOwn(OPTION_PLACES, name)
    ? OPTION_PLACES[name]
    : undefined;
  return place === undefined ? schema : { ...schema, place };
}

/**
 * The form of a task. Options that name files and folders have a `place` in their schema.
 *
 * @param method the method of pretraining (default the task's own default), where the task has one
 * @throws {GenviewTypeError} if there is no such method
 */
export async function formAnswer(
  task: StudioTask,
  method: string | undefined,
  context: StudioContext,
): Promise<FormAnswer> {
  const { summary, schema } = await context.forms(task);
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, each]) => [name, withPlace(name, each)]),
  );
  const answer = { task, summary, schema: { ...schema, properties }, dryRun: hasDryRun(task) };
  const chosen = schema.properties["method"];
  if (chosen === undefined) return { ...answer, presets: [], methods: [] };
  const manifest = await manifestOf(method ?? String(chosen.default), context);
  const methods = await Promise.all(
    Object.keys(context.known.methods).map(async (name) => ({
      name,
      title: (await manifestOf(name, context)).title,
    })),
  );
  return {
    ...answer,
    methodSchema: manifest.options,
    presets: Object.entries(manifest.presets).map(([name, options]) => ({
      name,
      summary: presetSummary(options),
      options,
    })),
    methods,
  };
}
