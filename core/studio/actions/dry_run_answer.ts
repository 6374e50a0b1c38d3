/**
 * What a training would take, by the task's own dry run: a process that is given so much time and no more.
 *
 * @module
 */
import { GenviewError, GenviewTypeError } from "../../errors/mod.ts";
import { fileError } from "../../files/file_error.ts";
import { parseJson } from "../../files/json.ts";
import { validate } from "../../schema/validate.ts";
import type { DryRunAnswer, JobRequest } from "../api/actions.ts";
import type { ProgramCall, StudioContext } from "../studio_context.ts";
import { checkRequest } from "./check_request.ts";
import { hasDryRun } from "./form_answer.ts";
import { deviceOf } from "./job_order.ts";

/** Seconds that a dry run may take without and with the time of some steps, and bytes that it may print. */
const SECONDS = 120;
const MEASURE_SECONDS = 90;
const BYTES = 4 << 20;

/** What is read of the task's answer. */
const DRY_RUN = {
  type: "object",
  required: ["text", "memory", "totalSteps"],
  properties: {
    text: { type: "string" },
    totalSteps: { type: "integer", minimum: 1 },
    secondsEach: { type: "number", minimum: 0 },
    memory: {
      type: "object",
      required: ["total"],
      properties: { total: { type: "number", minimum: 0 } },
    },
  },
};

interface PrintedDryRun {
  readonly text: string;
  readonly memory: { readonly total: number };
  readonly totalSteps: number;
  readonly secondsEach?: number;
}

/** The beginning of what comes, and whether that is all. */
async function readBounded(
  stream: ReadableStream<Uint8Array>,
): Promise<readonly [string, boolean]> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > BYTES) return [await new Blob(parts as BlobPart[]).text(), false];
    parts.push(part);
  }
  return [await new Blob(parts as BlobPart[]).text(), true];
}

/** Runs a program to its end; undefined if it does not come to it in so many seconds. */
async function run(
  { program, args }: ProgramCall,
  seconds: number,
  { root, signal }: StudioContext,
): Promise<{ readonly code: number; readonly out: string; readonly err: string } | undefined> {
  const limit = AbortSignal.timeout(seconds * 1000);
  const ends = AbortSignal.any([limit, signal]);
  try {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let hasEnded = false;
    const end = () => {
      if (!hasEnded) child.kill("SIGKILL");
    };
    ends.addEventListener("abort", end, { once: true });
    const bounded = async (stream: ReadableStream<Uint8Array>) => {
      const [text, isWhole] = await readBounded(stream);
      if (!isWhole) end();
      return text;
    };
    const [out, err, { code }] = await Promise.all([
      bounded(child.stdout),
      bounded(child.stderr),
      child.status.finally(() => {
        hasEnded = true;
        ends.removeEventListener("abort", end);
      }),
    ]);
    return limit.aborted ? undefined : { code, out, err };
  } catch (cause) {
    throw fileError(`start ${program}`, cause);
  }
}

/** What the task's dry run says; undefined if it takes too long. */
async function dryRunOf(
  request: JobRequest,
  seconds: number,
  context: StudioContext,
): Promise<PrintedDryRun | undefined> {
  const ended = await run(context.programs(request), seconds, context);
  if (ended === undefined) return undefined;
  const { code, out, err } = ended;
  if (code !== 0) {
    throw new GenviewTypeError(
      err.trim().replace(/^error: /, "") ||
        `Cannot describe the run: its dry run ended with ${code}`,
    );
  }
  const action = "read the dry run";
  return validate<PrintedDryRun>(DRY_RUN, parseJson(out, action), action, "it");
}

/**
 * What a request would take. Only trainings can be looked at before they are started. Time is that of some steps, which are
 * computed on the device, unless a job is at work there.
 *
 * @param isBusy whether a job runs on a device
 * @throws {GenviewTypeError} if it is no training, or cannot be started; with all that is wrong
 * @throws {GenviewError} if it takes too long
 */
export async function dryRunAnswer(
  body: unknown,
  context: StudioContext,
  isBusy: (device: string) => boolean,
): Promise<DryRunAnswer> {
  const { request, problems } = await checkRequest(body, context);
  if (problems.length > 0) {
    throw new GenviewTypeError(
      `Cannot describe the run: ${problems.map(({ text }) => text).join("; ")}`,
    );
  }
  if (!hasDryRun(request.task)) {
    throw new GenviewTypeError(
      `Cannot describe what is not started yet: only train has a dry run, found ${request.task}`,
    );
  }
  const options = { ...request.options, dryRun: true, json: true };
  const dry = await dryRunOf({ ...request, options }, SECONDS, context);
  if (dry === undefined) {
    throw new GenviewError(
      `Cannot finish the dry run within ${SECONDS} seconds; start it by its command line`,
    );
  }
  const memoryBytes = dry.memory.total;
  const without = (why: string) => ({ text: `${dry.text}\ntime  ${why}`, memoryBytes });
  const { schema } = await context.forms("train");
  if (isBusy(deviceOf(request, schema))) {
    return without("is not measured while a job runs on the device");
  }
  const { workers } = request.options;
  if (typeof workers === "number" && workers > 1) {
    return without("is measured of one process alone");
  }
  const measured = { ...request, options: { ...options, measure: true } };
  const timed = await dryRunOf(measured, MEASURE_SECONDS, context);
  if (timed?.secondsEach === undefined) {
    return without(`could not be measured within ${MEASURE_SECONDS} seconds`);
  }
  return { text: timed.text, memoryBytes, seconds: timed.secondsEach * timed.totalSteps };
}
