/**
 * What a training would take, by the task's own dry run: a process that is given so much time and no more.
 *
 * @module
 */
import { GenviewError, GenviewTypeError } from "../../errors/mod.ts";
import { fileError } from "../../files/file_error.ts";
import { parseJson } from "../../files/json.ts";
import { validate } from "../../schema/validate.ts";
import type { DryRunAnswer } from "../api/actions.ts";
import type { ProgramCall, StudioContext } from "../studio_context.ts";
import { checkRequest } from "./check_request.ts";

/** Seconds that a dry run may take, and bytes that it may print. */
const SECONDS = 120;
const BYTES = 4 << 20;

/** What is read of the task's answer. */
const DRY_RUN = {
  type: "object",
  required: ["text", "memory"],
  properties: {
    text: { type: "string" },
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

/** Runs a program to its end. */
async function run(
  { program, args }: ProgramCall,
  { root, signal }: StudioContext,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const limit = AbortSignal.timeout(SECONDS * 1000);
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
    if (limit.aborted) {
      throw new GenviewError(
        `Cannot finish the dry run within ${SECONDS} seconds; start it by hand`,
      );
    }
    return { code, out, err };
  } catch (cause) {
    throw fileError(`start ${program}`, cause);
  }
}

/**
 * What a request would take. Only trainings can be looked at before they are started.
 *
 * @throws {GenviewTypeError} if it is no training, or cannot be started; with all that is wrong
 * @throws {GenviewError} if it takes too long
 */
export async function dryRunAnswer(body: unknown, context: StudioContext): Promise<DryRunAnswer> {
  const { request, problems } = await checkRequest(body, context);
  if (problems.length > 0) {
    throw new GenviewTypeError(
      `Cannot describe the run: ${problems.map(({ text }) => text).join("; ")}`,
    );
  }
  if (request.task !== "train") {
    throw new GenviewTypeError(
      `Cannot describe what is not started yet: only train has a dry run, found ${request.task}`,
    );
  }
  const options = { ...request.options, dryRun: true, json: true };
  const { code, out, err } = await run(context.programs({ ...request, options }), context);
  if (code !== 0) {
    throw new GenviewTypeError(
      err.trim().replace(/^error: /, "") || `The dry run ended with ${code}`,
    );
  }
  const action = "read the dry run";
  const { text, memory } = validate<PrintedDryRun>(DRY_RUN, parseJson(out, action), action, "it");
  return { text, memoryBytes: memory.total };
}
