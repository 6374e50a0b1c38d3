/**
 * A process that sees a job of the studio through: it starts the job's program, keeps what it prints, hands on the wish to
 * stop, and writes down how it ended. It outlives the studio's server, which finds it again by its lock.
 *
 * @module
 */
import { join } from "node:path";
import { FolderLock } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFile } from "../../files/new_file.ts";

/** What is written down of a job's process. */
export interface JobRecord {
  /** Number of the process that does its work. */
  readonly process: number;
  /** When it ended, in milliseconds since 1970; absent while it runs. */
  readonly ended?: number;
  /** Its exit code. */
  readonly code?: number;
  /** The signal that ended it, if one did. */
  readonly signal?: string;
}

/** Where the parts of a job lie in the folder of jobs. */
export function jobFiles(folder: string, id: number): {
  readonly log: string;
  readonly record: string;
  readonly stop: string;
} {
  const file = (ending: string) => join(folder, `${id}.${ending}`);
  return { log: file("log"), record: file("json"), stop: file("stop") };
}

/** Name of the lock in the folder of jobs that is held as long as a job is seen through. */
export function jobLock(id: number): string {
  return `job-${id}`;
}

/** Signals that a terminal or a system's end send to all processes: the job hears of them itself. */
const LEFT_TO_JOB: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

const LOOK_MILLISECONDS = 100;

/** Exit code that shells give for a program that is not there. */
const NOT_STARTED = 127;

/** Writes all that comes, in whole pieces. */
async function keep(stream: ReadableStream<Uint8Array>, log: Deno.FsFile): Promise<void> {
  for await (const bytes of stream) {
    for (let written = 0; written < bytes.length;) {
      written += log.writeSync(bytes.subarray(written));
    }
  }
}

/**
 * Sees a job through.
 *
 * @param folder folder of jobs
 * @param id number of the job
 */
async function seeThrough(
  folder: string,
  id: number,
  [program, ...args]: readonly string[],
): Promise<void> {
  using _lock = await FolderLock.acquire(folder, { name: jobLock(id) });
  for (const signal of LEFT_TO_JOB) Deno.addSignalListener(signal, () => {});
  const files = jobFiles(folder, id);
  const write = (record: JobRecord) =>
    writeNewFile(files.record, JSON.stringify(record) + "\n", { overwrite: true });
  // A new file, so that no link that lies there is followed.
  using log = await Deno.open(files.log, { write: true, createNew: true });
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, {
      args: [...args],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    log.writeSync(new TextEncoder().encode(`${(error as Error).message}\n`));
    return await write({ process: Deno.pid, ended: Date.now(), code: NOT_STARTED });
  }
  await write({ process: child.pid });
  let isTold = false;
  const look = setInterval(async () => {
    if (isTold || await ifThere(Deno.lstat(files.stop)) === undefined || isTold) return;
    // A second signal would end most tasks at once, without saving.
    isTold = true;
    child.kill("SIGINT");
  }, LOOK_MILLISECONDS);
  const [{ code, signal }] = await Promise.all([
    child.status.finally(() => clearInterval(look)),
    keep(child.stdout, log),
    keep(child.stderr, log),
  ]);
  await write({
    process: child.pid,
    ended: Date.now(),
    code,
    ...(signal !== null && { signal }),
  });
}

if (import.meta.main) {
  const [folder, id, ...words] = Deno.args;
  // Listening to signals would keep it alive.
  void seeThrough(folder!, Number(id), words).finally(() => Deno.exit());
}
