/**
 * What a folder that looks like a run is, by its files.
 *
 * @module
 */
import { join } from "node:path";
import { STAGE_NAMES } from "../../pipeline/choose_stages.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Cell, RunKind, RunRow } from "../api/runs.ts";
import { readPlainJson } from "./plain_file.ts";
import type { RecordedLosses } from "./recorded_curve.ts";
import type { CandidateFolder } from "./walk_folders.ts";

/** A part of a run with logs of its own: the whole run, or a stage of a generator. */
export interface RunPart {
  /** Stands before the names of its metrics, such as `unet/`; empty for the whole run. */
  readonly prefix: string;
  /** Its folder, absolute. */
  readonly folder: string;
  /** Steps that it takes in all, where its configuration says so. */
  readonly steps?: number;
  /** Images of a step, where they are known. */
  readonly batchSize?: number;
  /** Its curve, where it is no log's. */
  readonly curve?: RecordedLosses;
}

/** A run as its files describe it. */
export interface DescribedRun {
  readonly kind: RunKind;
  readonly parts: readonly RunPart[];
  /** The configuration as recorded, whole. */
  readonly configuration: unknown;
  /** Options by dotted name. */
  readonly options: Readonly<Record<string, Cell>>;
  /** Options that were changed on a resume. */
  readonly changes: readonly unknown[];
  /** Name of the method of pretraining. */
  readonly method?: string;
  /** Epochs that are to be trained, where they are known. */
  readonly epochs?: number;
  /** Stages that are done, of a pipeline. */
  readonly stages?: { readonly done: number; readonly total: number };
  /** How far it has come, where its logs do not say so. */
  readonly progress?: Pick<RunRow, "step" | "epoch" | "totalSteps" | "metrics">;
}

type Entries = Readonly<Record<string, unknown>>;

/** Most options of a row, and most characters of a value. */
const OPTIONS = 500;
const CHARACTERS = 500;

/** Whether a value is an object with names. */
export function isEntries(value: unknown): value is Entries {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cell(value: unknown): Cell {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS)}…` : text;
}

/** Options of a configuration by dotted names; lists are values. */
export function flatOptions(configuration: Entries): Record<string, Cell> {
  const found: [string, Cell][] = [];
  function add(entries: Entries, before: string): void {
    for (const [name, value] of Object.entries(entries)) {
      if (found.length >= OPTIONS) return;
      if (isEntries(value) && Object.keys(value).length > 0) add(value, `${before}${name}.`);
      else found.push([`${before}${name}`, cell(value)]);
    }
  }
  add(configuration, "");
  return Object.fromEntries(found);
}

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) > 0 ? value as number : undefined;

function pretraining(folder: string, described: Entries, path: string): DescribedRun {
  const configuration = described["configuration"] as Entries;
  const method = String(described["method"]);
  const { from, startedFrom, ranks, changes } = described;
  const epochs = count(configuration["epochs"]);
  const batchSize = count(configuration["batchSize"]);
  const beside = { method, from, startedFrom, ranks };
  const known = Object.entries(beside).filter(([, value]) => value !== undefined);
  return {
    kind: isDemo(path) ? "demo" : "pretraining",
    parts: [{ prefix: "", folder, ...(batchSize !== undefined && { batchSize }) }],
    configuration: described,
    options: flatOptions({ ...Object.fromEntries(known), ...configuration }),
    changes: Array.isArray(changes) ? changes : [],
    method,
    ...(epochs !== undefined && { epochs }),
  };
}

/** Whether a run is one of the two of a demo, by where `deno task demo` puts them. */
function isDemo(path: string): boolean {
  return /-seed-\d+(-full)?\/(ordinary|generated)$/.test(path);
}

/** Stages of a generator, in their order. */
const GENERATOR_STAGES = ["autoencoder", "unet"] as const;

function generator(folder: string, configuration: Entries): DescribedRun {
  const { from, frozen } = configuration;
  // Of a generator that is fine-tuned the autoencoder may stay as it is: then that stage takes no steps.
  const isKept = (name: string) =>
    typeof from === "string" && Array.isArray(frozen) && frozen.includes(name);
  const parts = GENERATOR_STAGES.filter((name) => !isKept(name)).map((name): RunPart => {
    const stage = configuration[name];
    const steps = isEntries(stage) ? count(stage["steps"]) : undefined;
    const batchSize = isEntries(stage) ? count(stage["batchSize"]) : undefined;
    return {
      prefix: `${name}/`,
      folder: join(folder, name),
      ...(steps !== undefined && { steps }),
      ...(batchSize !== undefined && { batchSize }),
    };
  });
  const options = flatOptions(configuration);
  return { kind: "generator", parts, configuration, options, changes: [] };
}

function pipeline(record: Entries, action: string): DescribedRun {
  const { stages } = record;
  if (!isEntries(stages)) {
    throw new GenviewTypeError(`Cannot ${action}: its stages must be an object`);
  }
  const found = STAGE_NAMES.map((name) => [name, stages[name]] as const)
    .filter((stage): stage is readonly [typeof stage[0], Entries] => isEntries(stage[1]));
  const options = flatOptions(
    Object.fromEntries(found.map(([name, { settings }]) => [name, settings ?? {}])),
  );
  const done = found.filter(([, { finished }]) => finished === true).length;
  return {
    kind: "pipeline",
    parts: [],
    configuration: record,
    options,
    changes: [],
    stages: { done, total: STAGE_NAMES.length },
  };
}

/**
 * What a folder is.
 *
 * @returns undefined where its files are those of something else
 * @throws {GenviewSyntaxError} if a file is no JSON
 * @throws {GenviewTypeError} if a file is no plain one, or not of the form that it must have
 */
export function describeRun(
  root: string,
  { path, files, folders }: CandidateFolder,
): DescribedRun | undefined {
  const folder = join(root, path);
  if (files.has("pipeline.json")) {
    const file = join(folder, "pipeline.json");
    const record = readPlainJson(file);
    if (record === undefined) return undefined;
    const action = `read ${file}`;
    if (!isEntries(record)) throw new GenviewTypeError(`Cannot ${action}: it must be an object`);
    return pipeline(record, action);
  }
  const file = join(folder, "configuration.json");
  const described = readPlainJson(file);
  if (described === undefined) return undefined;
  if (
    isEntries(described) && isEntries(described["configuration"]) &&
    typeof described["method"] === "string"
  ) {
    return pretraining(folder, described, path);
  }
  if (isEntries(described) && GENERATOR_STAGES.every((name) => isEntries(described[name]))) {
    return generator(folder, described);
  }
  // What has the logs of a run must have its configuration too.
  if (files.has("steps.jsonl") || folders.has("checkpoints")) {
    throw new GenviewTypeError(
      `Cannot read ${file}: it must name a method and its configuration, or the stages of a generator`,
    );
  }
  return undefined;
}
