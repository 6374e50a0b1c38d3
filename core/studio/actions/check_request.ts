/**
 * What is wrong with a request, before anything is started: all findings, each with the option that it concerns.
 *
 * @module
 */
import { parseDevice } from "../../engine/ort/device.ts";
import { isGenviewError } from "../../errors/mod.ts";
import type { PartialConfiguration } from "../../method/resolve_configuration.ts";
import { optionName } from "../../schema/option_name.ts";
import type { ObjectSchema } from "../../schema/schema.ts";
import { locatedFindings, type NameOfValue, validate } from "../../schema/validate.ts";
import { checkOutput } from "../../train/run/run_origin.ts";
import { planWork } from "../../train/run/run_plan.ts";
import { runSchedules } from "../../train/run/run_schedules.ts";
import { readBeginning, resolveRun } from "../../train/run/resolve_run.ts";
import type { CheckAnswer, JobRequest } from "../api/actions.ts";
import type { StudioContext } from "../studio_context.ts";
import { manifestOf } from "./form_answer.ts";
import { placeRequest, type RequestProblem, runOf, wordCounts } from "./option_places.ts";
import { STUDIO_TASKS } from "./task_form.ts";

/** JSON Schema of a request; its options are checked against the task's own. */
const REQUEST = {
  type: "object",
  required: ["task", "options"],
  additionalProperties: false,
  properties: {
    task: { enum: STUDIO_TASKS },
    positional: { type: "array", items: { type: "string", maxLength: 4096 }, maxItems: 8 },
    options: { type: "object" },
  },
};

/** A request that was looked at. */
export interface CheckedRequest {
  /** The request with absolute paths, as it would be started. */
  readonly request: JobRequest;
  /** All that is wrong with it. */
  readonly problems: readonly RequestProblem[];
  /** The run that it makes, goes on with or reads, as a path below the root, where it names one. */
  readonly run: string | undefined;
}

/** Values as people see them in forms and on command lines. */
const asOption: NameOfValue = ([name, ...rest]) => [optionName(name ?? ""), ...rest].join(".");

/** The option that a message is about: the first of the task's that it names. */
function concerned(message: string, { properties }: ObjectSchema): string {
  const names = Object.keys(properties);
  for (const [word] of message.matchAll(/--[a-z][a-z-]*/g)) {
    const found = names.find((name) => optionName(name) === word);
    if (found !== undefined) return found;
  }
  // What a preset, a file and the options give together is called by its place in a configuration.
  const [, dotted] = /\bconfiguration\.(\w+)/.exec(message) ?? [];
  return names.find((name) => name === dotted) ?? "";
}

/** Schemas that take no other options, by those that leave it open: a schema is compiled once. */
const closedSchemas = new WeakMap<ObjectSchema, ObjectSchema>();

function closed(schema: ObjectSchema): ObjectSchema {
  const made = closedSchemas.get(schema) ?? { ...schema, additionalProperties: false };
  closedSchemas.set(schema, made);
  return made;
}

/** What of each option does not meet its schema. */
function schemaProblems(schema: ObjectSchema, options: JobRequest["options"]): RequestProblem[] {
  // Defaults are filled into a copy, so that a request stays what was asked for.
  return locatedFindings(closed(schema), structuredClone(options), asOption)
    .map(({ path, text }) => ({ option: path[0] ?? "", text }));
}

/** What is wrong with the words beside the options. */
function wordProblems(request: JobRequest, positional: string): RequestProblem[] {
  const [fewest, most] = wordCounts(request);
  const words = request.positional ?? [];
  const count = words.length;
  if (count >= fewest && count <= most && words.every((word) => word !== "")) return [];
  const rule = most === 0 ? "nothing beside its options" : positional;
  return [{
    option: `${Math.min(count, most) || 1}`,
    text: `${request.task} takes ${rule}, found ${count === 0 ? "nothing" : words.join(" ")}`,
  }];
}

/** What is wrong with the options of a method. */
async function methodProblems(
  { options, positional }: JobRequest,
  { properties }: ObjectSchema,
  context: StudioContext,
): Promise<RequestProblem[]> {
  // A run that is resumed and a file of a configuration may name another.
  const isNamed = options["resume"] || options["config"];
  const method = positional?.[0] ?? options["method"] ??
    (isNamed ? undefined : properties["method"]?.default);
  try {
    if (typeof method !== "string" || method === "") return [];
    const { options: schema } = await manifestOf(method, context);
    const given = options["options"];
    if (typeof given !== "object" || given === null) return [];
    const named: NameOfValue = (path) => ["options", ...path].join(".");
    const data = structuredClone(given);
    return locatedFindings(schema, data, named).map(({ text }) => ({ option: "options", text }));
  } catch (error) {
    if (!isGenviewError(error)) throw error;
    return [{ option: "method", text: error.message }];
  }
}

const text = (value: unknown): string => typeof value === "string" ? value : "";

/** Resolves what a training would be, as the training does, and throws as it does; nothing is opened but descriptions. */
async function resolveTraining(
  { options, positional = [] }: JobRequest,
  { known }: StudioContext,
): Promise<void> {
  const { method, preset, config, output, reload: _, resume, from, fromHeads, workers, ...rest } =
    options;
  const origin = {
    output: text(output),
    ...(text(resume) && { resume: text(resume) }),
    ...(text(from) && { from: text(from) }),
    ...(fromHeads === true && { fromHeads }),
  };
  await checkOutput(origin);
  const before = origin.resume === undefined
    ? undefined
    : await readBeginning(origin.output, origin.resume);
  const { configuration } = await resolveRun(
    {
      method: positional[0] ?? text(method),
      preset: text(preset),
      config: text(config),
      configuration: rest as PartialConfiguration,
    },
    known,
    before,
  );
  const weighs = configuration.qualityEncoder !== "";
  const ranks = typeof workers === "number" && workers > 1 ? workers : 1;
  planWork({ configuration, ...(weighs && { pairEncoder: true }) }, ranks);
  runSchedules(configuration, { totalSteps: configuration.epochs, stepsPerEpoch: 1 });
}

/** What is wrong with a device's name; whether there is such a device, the task says. */
function deviceProblems({ options: { device } }: JobRequest): RequestProblem[] {
  try {
    if (typeof device === "string") parseDevice(device);
    return [];
  } catch (error) {
    if (!isGenviewError(error)) throw error;
    return [{ option: "device", text: error.message }];
  }
}

/** What options are wrong together. */
async function jointProblems(
  request: JobRequest,
  schema: ObjectSchema,
  context: StudioContext,
): Promise<RequestProblem[]> {
  if (request.task !== "train") return [];
  try {
    await resolveTraining(request, context);
    return [];
  } catch (error) {
    if (!isGenviewError(error)) throw error;
    return [{ option: concerned(error.message, schema), text: error.message }];
  }
}

/**
 * Looks at a request: its form, its options one by one and together, and the places that it names.
 *
 * @throws {GenviewTypeError} if it is no request at all
 */
export async function checkRequest(body: unknown, context: StudioContext): Promise<CheckedRequest> {
  const asked = validate<JobRequest>(REQUEST, body, "take the request", "the request");
  const { schema, positional } = await context.forms(asked.task);
  const single = [...schemaProblems(schema, asked.options), ...wordProblems(asked, positional)];
  const { request, problems: misplaced } = await placeRequest(asked, schema.properties, context);
  const isLost = misplaced.some(({ option }) => option === "method" || option === "1");
  const ofMethod = schema.properties["options"] === undefined || isLost
    ? []
    : await methodProblems(request, schema, context);
  const apart = [...single, ...misplaced, ...deviceProblems(request), ...ofMethod];
  const joint = apart.length > 0 ? [] : await jointProblems(request, schema, context);
  return { request, problems: [...apart, ...joint], run: runOf(request, context.root) };
}

/** What is wrong with a request, and the command line that does the same. */
export async function checkAnswer(body: unknown, context: StudioContext): Promise<CheckAnswer> {
  const { request, problems } = await checkRequest(body, context);
  return { problems, command: context.programs(request).shown };
}
