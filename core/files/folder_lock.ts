/**
 * Locks of folders, so that two processes never write into one.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GenviewAlreadyExists, GenviewSyntaxError } from "../errors/mod.ts";
import { fileError } from "./file_error.ts";
import { ifThere } from "./if_there.ts";
import { makeFolder } from "./new_file.ts";

/** How a folder is locked. */
export interface FolderLockOptions {
  /** Tells locks of one folder apart that may be held at once, such as those of shards; none when left out. */
  readonly name?: string;
  /** Whether others may hold it at the same time, as long as all of them share it (default false). */
  readonly shared?: boolean;
}

/** Who holds a lock. */
export interface LockHolder {
  /** Number of its process, on its host. */
  readonly process: number;
  /** Name of its machine, where it was allowed to ask for it. */
  readonly host: string;
  /** When it took the lock, in ISO 8601. */
  readonly since: string;
}

/** The machine's name, where the permission to ask is there. */
export function hostName(): string {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname() : "an unnamed machine";
}

/** Name of the lock of a folder that has no other. */
export const LOCK_FILE = ".genview.lock";

function lockPath(folder: string, name: string | undefined): string {
  return join(folder, name === undefined ? LOCK_FILE : `.genview-${name}.lock`);
}

/** Whether an open file still is the one at a path, and has not been removed by its last owner. */
async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const there = await ifThere(Deno.stat(path));
  const opened = await file.stat();
  return there !== undefined && there.ino === opened.ino && there.dev === opened.dev;
}

function describe(text: string): string {
  const holder = parseHolder(text);
  if (holder === undefined) return "another process";
  const { process, host, since } = holder;
  return `process ${process} on ${host}, since ${since}`;
}

/**
 * A lock of a folder; `using` gives it back. The system gives it back when its process ends, however that happens, so
 * that a dead owner never blocks a folder.
 *
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { FolderLock } from "./folder_lock.ts";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   using _lock = await FolderLock.acquire(folder);
 *   await assertRejects(() => FolderLock.acquire(folder), Deno.errors.AlreadyExists, "at work there");
 * }
 * (await FolderLock.acquire(folder))[Symbol.dispose]();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class FolderLock implements Disposable {
  /** Where the lock lies. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #shared: boolean;

  private constructor(path: string, file: Deno.FsFile, shared: boolean) {
    this.path = path;
    this.#file = file;
    this.#shared = shared;
  }

  /**
   * Locks a folder, which is made if it is not there.
   *
   * @throws {GenviewAlreadyExists} at once if another holder is at work there, with its process and its host
   * @throws {GenviewError} if the system refuses
   */
  static async acquire(
    folder: string,
    { name, shared = false }: FolderLockOptions = {},
  ): Promise<FolderLock> {
    await makeFolder(folder);
    const path = lockPath(folder, name);
    try {
      for (;;) {
        const file = await Deno.open(path, { read: true, write: true, create: true });
        try {
          if (!await file.tryLock(!shared) && !await triedAgain(file, !shared)) {
            throw new GenviewAlreadyExists(
              `Cannot write into ${folder}: ${
                describe(await Deno.readTextFile(path))
              } is at work there; wait until it ends, or choose another folder`,
            );
          }
          if (await isAt(path, file)) {
            try {
              await note(file);
            } catch (error) {
              // A full disk leaves no empty lock behind.
              if (!shared && Deno.build.os !== "windows") await Deno.remove(path);
              throw error;
            }
            return new FolderLock(path, file, shared);
          }
        } catch (error) {
          file.close();
          throw error;
        }
        // Its last owner has removed it between our opening and our locking it.
        file.close();
      }
    } catch (cause) {
      throw fileError(`lock ${folder}`, cause);
    }
  }

  /** Gives the lock back. */
  [Symbol.dispose](): void {
    // While the lock is held by one alone, nobody else can have taken this name. Windows removes no open file.
    const isAlone = !this.#shared || this.#file.tryLockSync(true);
    if (isAlone && Deno.build.os !== "windows" && existsSync(this.path)) Deno.removeSync(this.path);
    this.#file.close();
  }
}

/** One who shared it may hold it alone for a moment, as it is given back and removed; and {@linkcode lockHolder} shares it. */
const MOMENT_MILLISECONDS = 100;
const TRIALS = 10;

async function triedAgain(file: Deno.FsFile, exclusive: boolean): Promise<boolean> {
  // Several times: others may ask at the very moment again.
  for (let trial = 0; trial < TRIALS; trial++) {
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MILLISECONDS / TRIALS));
    if (await file.tryLock(exclusive)) return true;
  }
  return false;
}

/** Whether what a lock says is what holders write. */
function isHolder(value: unknown): value is LockHolder {
  const { process, host, since } = (value ?? {}) as Readonly<Record<string, unknown>>;
  // A signal to a number below 1 would reach many processes.
  return Number.isSafeInteger(process) && (process as number) > 0 &&
    typeof host === "string" && typeof since === "string";
}

/** What a lock says of its holder; undefined while it is written. */
function parseHolder(text: string): LockHolder | undefined {
  try {
    const holder: unknown = JSON.parse(text);
    return isHolder(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Who holds the lock of a folder at this moment; undefined if nobody does, also where a dead owner has left the file. Writes
 * nothing.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FolderLock, lockHolder } from "./folder_lock.ts";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   using _lock = await FolderLock.acquire(folder);
 *   assertEquals((await lockHolder(folder))?.process, Deno.pid);
 * }
 * assertEquals(await lockHolder(folder), undefined);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {GenviewSyntaxError} if it is held, and does not say by whom
 * @throws {GenviewError} if the system refuses
 */
export async function lockHolder(
  folder: string,
  { name }: Pick<FolderLockOptions, "name"> = {},
): Promise<LockHolder | undefined> {
  const path = lockPath(folder, name);
  // Writing it takes less.
  const end = performance.now() + 10 * MOMENT_MILLISECONDS;
  try {
    for (;;) {
      // What is no plain file is no lock, and might wait for others when it is opened.
      if (!(await ifThere(Deno.lstat(path)))?.isFile) return undefined;
      using file = await ifThere(Deno.open(path, { read: true }));
      // Sharing it shows that nobody holds it alone; it is given back as the file is closed.
      if (file === undefined || await file.tryLock(false)) return undefined;
      const holder = parseHolder(await Deno.readTextFile(path));
      if (holder !== undefined) return holder;
      if (performance.now() > end) {
        throw new GenviewSyntaxError(
          `Cannot look up who works in ${folder}: ${path} must name its holder, found something else`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw fileError(`look up who works in ${folder}`, cause);
  }
}

/**
 * Whether somebody is at work in a folder, who holds its lock, without asking who: at once, and also in a folder that may be
 * anybody's, where what is no plain file is no lock. Writes nothing.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { FolderLock, isFolderHeld } from "./folder_lock.ts";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   using _lock = await FolderLock.acquire(folder);
 *   assert(isFolderHeld(folder));
 * }
 * assert(!isFolderHeld(folder));
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {GenviewError} if the system refuses
 */
export function isFolderHeld(
  folder: string,
  { name }: Pick<FolderLockOptions, "name"> = {},
): boolean {
  const path = lockPath(folder, name);
  try {
    if (!Deno.lstatSync(path).isFile) return false;
    using file = Deno.openSync(path);
    return !file.tryLockSync(false);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw fileError(`look up who works in ${folder}`, cause);
  }
}

/** Writes into a lock who holds it. */
async function note(file: Deno.FsFile): Promise<void> {
  const owner: LockHolder = {
    process: Deno.pid,
    host: hostName(),
    since: new Date().toISOString(),
  };
  await file.truncate(0);
  await file.write(new TextEncoder().encode(JSON.stringify(owner) + "\n"));
}
