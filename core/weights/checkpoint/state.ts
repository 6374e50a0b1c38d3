/**
 * The state of a checkpoint, without its tensors: `state.json`.
 *
 * @module
 */
import { basename, join } from "node:path";
import type { LossScale } from "../../engine/optim/mod.ts";
import { GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors, fileError } from "../../files/file_error.ts";
import { parseJson } from "../../files/json.ts";
import { ifThere } from "../../files/if_there.ts";
import { validate } from "../../schema/validate.ts";

/** Sums over the steps of an epoch that were taken so far. */
export interface EpochSums {
  /** Steps that were taken. */
  readonly steps: number;
  /** Sum of their losses. */
  readonly loss: number;
  /** Seconds that they took, with the wait for their images. */
  readonly seconds: number;
  /** Seconds of them in which the step waited for images. */
  readonly waitSeconds: number;
  /** Images that could not be read, and others that came in their place and could not either. */
  readonly skipped: number;
}

/** State of a run at a checkpoint, without its tensors. */
export interface CheckpointState {
  /** Version of the format. */
  readonly version: 1;
  /** Name of the method. */
  readonly method: string;
  /** Name of a bundled method, or address of its manifest, where the method was loaded by one. */
  readonly address?: string;
  /** SHA-256 of the method's manifest in hexadecimal digits. */
  readonly manifestSha256?: string;
  /** SHA-256 of the method's manifest and modules in hexadecimal digits, where it was loaded by name or address. */
  readonly sourceSha256?: string;
  /** Optimizer steps that were taken. */
  readonly step: number;
  /** Whole epochs that were finished. */
  readonly epoch: number;
  /** Samples in the data set, by which the order of an epoch is sampled. */
  readonly samples: number;
  /** Running sums of an interrupted epoch. */
  readonly epochSoFar?: EpochSums;
  /** The scale of the loss, where it is scaled. */
  readonly lossScale?: LossScale;
  /** Everything that determines the run. */
  readonly configuration: unknown;
  /** Processes that took the steps up to here together; 1 if left out. */
  readonly ranks?: number;
  /** Formulations of the convolutions; none if the checkpoint is from before they were kept. */
  readonly tuning?: unknown;
}

const COUNT = { type: "integer", minimum: 0 };

/** What every state has. */
const SCHEMA = {
  type: "object",
  required: ["method", "step", "epoch", "samples", "configuration"],
  properties: {
    method: { type: "string" },
    address: { type: "string" },
    step: COUNT,
    epoch: COUNT,
    samples: COUNT,
    ranks: { type: "integer", minimum: 1 },
    lossScale: {
      type: "object",
      required: ["scale", "cleanSteps", "skippedSteps"],
      properties: {
        scale: { type: "number", exclusiveMinimum: 0 },
        cleanSteps: COUNT,
        skippedSteps: COUNT,
      },
    },
    configuration: { type: "object" },
  },
} as const;

const NAME = /^step-(\d{9})$/;

/** Name of the folder of the checkpoint after a step. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(9, "0")}`;
}

/** The step whose checkpoint a folder is, by its name; undefined for other names. */
export function checkpointStep(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** A checkpoint's state as the text of its `state.json`. */
export function formatState(state: CheckpointState): string {
  return JSON.stringify(state, null, 2) + "\n";
}

function parseState(text: string, path: string): CheckpointState {
  const state = parseJson(text, `read ${path}`);
  const { version } = (state ?? {}) as { readonly version?: unknown };
  if (version !== 1) {
    throw new GenviewTypeError(
      `Cannot read ${path}: it must be the state of a checkpoint of version 1, found version ${version}`,
    );
  }
  return validate(SCHEMA, state, `read ${path}`, "the state");
}

/**
 * Reads a checkpoint's state.
 *
 * @param path the checkpoint's folder
 * @throws {Deno.errors.NotFound} if the folder is not a checkpoint
 * @throws {SyntaxError} if the state is no JSON
 * @throws {TypeError} if it lacks what every state has, or is of another version or of another step than the folder's
 * name says
 */
export async function loadCheckpointState(path: string): Promise<CheckpointState> {
  const statePath = join(path, "state.json");
  let text: string;
  try {
    text = await Deno.readTextFile(statePath);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw fileError(`read ${statePath}`, cause);
    const found = await explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path)));
    const reason = found === undefined
      ? "there is no such folder; check the path"
      : "it has no state.json; give the folder of a checkpoint (step-…)";
    throw new GenviewNotFound(`Cannot load checkpoint ${path}: ${reason}`, { cause });
  }
  const state = parseState(text, statePath);
  const named = checkpointStep(basename(path));
  if (named !== undefined && named !== state.step) {
    throw new GenviewTypeError(
      `Cannot load checkpoint ${path}: its state must be that of step ${named}, found step ${state.step}`,
    );
  }
  return state;
}
