/**
 * What was known as a run started or was resumed: `start.json` in its folder. Programs that show the run read by it what the
 * terminal shows.
 *
 * @module
 */
import { join } from "node:path";
import { describeDevice, type Device, ortVersion } from "../../engine/ort/mod.ts";
import { writeNewFile } from "../../files/new_file.ts";
import type { Precision } from "../../engine/precision/mod.ts";
import { type LossRange, lossRangeSchema } from "../../method/manifest.ts";
import { validate } from "../../schema/validate.ts";
import type { TrainEvent } from "./train_event.ts";

/** Name of the file in a run's folder. */
export const START_FILE = "start.json";

/** What was known as a run started or was resumed. */
export interface RunStart {
  /** Version of the format. */
  readonly version: 1;
  /** When it was, in ISO 8601. */
  readonly at: string;
  /** Steps that were taken before. */
  readonly resumedAt: number;
  /** Whole batches in an epoch. */
  readonly stepsPerEpoch: number;
  /** Steps of all epochs. */
  readonly totalSteps: number;
  /** Trained parameters. */
  readonly parameters: number;
  /** Spread of embeddings that are uniform on the sphere, where there are embeddings. */
  readonly uniformSpread?: number;
  /** What the loss is expected to be, where that is known. */
  readonly lossRange?: LossRange;
  /** Title of the method, or name of the stage of a generator. */
  readonly title: string;
  /** What networks compute in. */
  readonly precision: string;
  /** Versions, processor and device, by name. */
  readonly environment: Readonly<Record<string, string>>;
}

const COUNT = { type: "integer", minimum: 0 } as const;

const SCHEMA = {
  type: "object",
  required: ["version", "resumedAt", "stepsPerEpoch", "totalSteps", "environment"],
  properties: {
    version: { enum: [1] },
    at: { type: "string" },
    resumedAt: COUNT,
    stepsPerEpoch: COUNT,
    totalSteps: COUNT,
    parameters: COUNT,
    uniformSpread: { type: "number", exclusiveMinimum: 0 },
    lossRange: lossRangeSchema,
    title: { type: "string" },
    precision: { type: "string" },
    environment: { type: "object", additionalProperties: { type: "string" } },
  },
} as const;

/** What a run is computed by: versions, processor and device, by name. */
export function describeEnvironment(
  device: Device,
  precision: Precision,
): Readonly<Record<string, string>> {
  return {
    Device: describeDevice(device),
    Precision: precision,
    "ONNX Runtime": ortVersion(),
    Deno: Deno.version.deno,
    System: `${Deno.build.os} ${Deno.build.arch}`,
  };
}

/** What is kept of the event by which a run starts. */
export function describeStart(event: Extract<TrainEvent, { readonly kind: "start" }>): RunStart {
  const {
    device,
    ranks,
    resumedAt,
    stepsPerEpoch,
    totalSteps,
    parameters,
    uniformSpread,
    lossRange,
    precision,
  } = event;
  return {
    version: 1,
    at: new Date().toISOString(),
    ...{ resumedAt, stepsPerEpoch, totalSteps, parameters, uniformSpread },
    ...(lossRange && { lossRange }),
    title: event.method.title,
    precision,
    environment: {
      ...describeEnvironment(device, precision),
      ...(ranks && { Processes: `${ranks.size} by ${ranks.library}` }),
      Method: `${event.method.title} ${event.method.version}`,
    },
  };
}

/**
 * Writes what was known, over what an earlier part of the run knew.
 *
 * @throws {GenviewError} if the system refuses
 */
export async function writeStart(output: string, start: RunStart): Promise<void> {
  await writeNewFile(join(output, START_FILE), JSON.stringify(start, null, 2) + "\n", {
    overwrite: true,
  });
}

/**
 * What was known, from parsed JSON.
 *
 * @param source where it comes from, for errors
 * @throws {GenviewTypeError} if it is of another form
 */
export function parseStart(json: unknown, source: string): RunStart {
  return validate<RunStart>(SCHEMA, json, `read ${source}`, "what was known at the start");
}
