/**
 * The processes of jobs: started so that they outlive the server, and looked after by whichever server is there.
 *
 * @module
 */
import { programArguments } from "../../distributed/program_arguments.ts";
import { fileError } from "../../files/file_error.ts";
import { isFolderHeld } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { readJson } from "../../files/json.ts";
import { writeNewFile } from "../../files/new_file.ts";
import { validate } from "../../schema/validate.ts";
import type { JobState } from "../api/actions.ts";
import type { ProgramCall } from "../studio_context.ts";
import { jobFiles, jobLock, type JobRecord } from "./job_program.ts";

const RECORD = {
  type: "object",
  required: ["process"],
  properties: {
    process: { type: "integer", minimum: 1 },
    ended: { type: "number" },
    code: { type: "integer" },
    signal: { type: "string" },
  },
};

/** Milliseconds within which a process that was started shows that it is there, even on a machine that is busy. */
const START_MILLISECONDS = 60_000;

/** Bytes and lines at the end of what a job has printed that are shown, and characters of a line. */
const TAIL_BYTES = 16_384;
const TAIL_LINES = 40;
const LINE_CHARACTERS = 1000;

/** Flags that allow a process to use one folder alone; Deno parts paths by commas. */
function folderPermissions(folder: string): string[] {
  const path = folder.replaceAll(",", ",,");
  return [`--allow-read=${path}`, `--allow-write=${path}`];
}

/** How a job's process stands. */
export interface ProcessState {
  readonly state: Extract<JobState, "running" | "finished" | "stopped" | "failed">;
  /** When it ended, in milliseconds since 1970. */
  readonly ended?: number;
}

/** The processes of the jobs in a folder. */
export class JobProcesses {
  readonly #folder: string;
  readonly #root: string;
  /** Those that this server has started, until they end. */
  readonly #own = new Set<number>();

  /**
   * @param folder folder of jobs
   * @param root folder that they run in
   */
  constructor(folder: string, root: string) {
    this.#folder = folder;
    this.#root = root;
  }

  /** Removes what an earlier job of a number has left. */
  async forget(id: number): Promise<void> {
    for (const path of Object.values(jobFiles(this.#folder, id))) await ifThere(Deno.remove(path));
  }

  /**
   * Starts the program of a job in a session of its own, with a process that sees it through.
   *
   * @throws {GenviewError} if the system refuses
   */
  async start(id: number, { program, args }: ProgramCall): Promise<void> {
    await this.forget(id);
    const permissions = ["--allow-run", ...folderPermissions(this.#folder)];
    const supervisor = new URL("./job_program.ts", import.meta.url);
    try {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...programArguments(supervisor, ["--quiet", ...permissions]),
          ...[this.#folder, `${id}`, program, ...args],
        ],
        cwd: this.#root,
        stdin: "null",
        stdout: "null",
        stderr: "null",
        detached: true,
      }).spawn();
      child.unref();
      this.#own.add(id);
      child.status.then(() => this.#own.delete(id));
    } catch (cause) {
      throw fileError(`start job ${id}`, cause);
    }
  }

  /** Asks a job to end after its present step; asking twice is as asking once. */
  async stop(id: number): Promise<void> {
    await writeNewFile(jobFiles(this.#folder, id).stop, "", { overwrite: true });
  }

  /**
   * How a job's process stands.
   *
   * @param started when it was started, in milliseconds since 1970
   */
  async stateOf(id: number, started: number): Promise<ProcessState> {
    // Read before the lock is looked at, which is given back after the end was written down.
    const before = await this.#record(id);
    if (before?.ended !== undefined) return await this.#endOf(id, before);
    if (isFolderHeld(this.#folder, { name: jobLock(id) })) return { state: "running" };
    const record = await this.#record(id);
    if (record?.ended !== undefined) return await this.#endOf(id, record);
    const isStarting = before === undefined && Date.now() - started < START_MILLISECONDS;
    return { state: this.#own.has(id) || isStarting ? "running" : "failed" };
  }

  async #record(id: number): Promise<JobRecord | undefined> {
    const path = jobFiles(this.#folder, id).record;
    const found = await ifThere(readJson(path));
    return found === undefined
      ? undefined
      : validate<JobRecord>(RECORD, found, `read ${path}`, "the record");
  }

  async #endOf(id: number, { code, signal, ended }: JobRecord): Promise<ProcessState> {
    const isAsked = await ifThere(Deno.lstat(jobFiles(this.#folder, id).stop)) !== undefined;
    const at = { ended: ended! };
    if (signal !== undefined) return { state: isAsked ? "stopped" : "failed", ...at };
    if (code !== 0) return { state: "failed", ...at };
    // Every task that is stopped says so in a line of its own, whoever has stopped it.
    const lines = await this.output(id);
    const isStopped = lines.slice(-3).some((line) => /^stopped\b/.test(line));
    return { state: isStopped ? "stopped" : "finished", ...at };
  }

  /** The last lines that a job has printed. */
  async output(id: number): Promise<string[]> {
    const file = await ifThere(Deno.open(jobFiles(this.#folder, id).log));
    if (file === undefined) return [];
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    await file.seek(start, Deno.SeekMode.Start);
    // Reading to its end closes the file.
    const text = await new Response(file.readable).text();
    const lines = text.split(/\r?\n|\r/).filter((line) => line !== "");
    // The first of a part may have lost its beginning.
    return (start > 0 ? lines.slice(1) : lines).slice(-TAIL_LINES)
      .map((line) => line.slice(0, LINE_CHARACTERS));
  }
}
