/**
 * Locks of a folder of variations: one process generates all of it, or several each their own shard.
 *
 * @module
 */
import type { Shard } from "../distributed/mod.ts";
import { FolderLock } from "../files/folder_lock.ts";

const SHARD_LOCK = /^\.genview-(shard-\d+-of-\d+)\.lock$/;

function nameOf({ index, count }: Shard): string {
  return `shard-${index}-of-${count}`;
}

/** Names of the locks of shards that a folder has, held or left behind by a process that was killed. */
async function shardLocks(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const match = SHARD_LOCK.exec(name);
    if (match !== null) names.push(match[1]!);
  }
  return names;
}

/**
 * Locks one shard alone, for a worker whose parent has locked the folder.
 *
 * @throws {GenviewAlreadyExists} at once if another process generates the same shard
 */
export async function lockShard(folder: string, shard: Shard): Promise<FolderLock> {
  return await FolderLock.acquire(folder, { name: nameOf(shard) });
}

/**
 * Locks a share of a folder of variations, which is made if it does not exist. Shards exclude themselves and all of the
 * work; all of the work excludes every shard. `using` gives the lock back.
 *
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { lockShare } from "./lock_share.ts";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   using _first = await lockShare(folder, { index: 0, count: 2 });
 *   using _second = await lockShare(folder, { index: 1, count: 2 });
 *   const all = { index: 0, count: 1 };
 *   await assertRejects(() => lockShare(folder, all), Deno.errors.AlreadyExists, "at work there");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {GenviewAlreadyExists} at once if another process is at work there, with its number and its machine
 */
export async function lockShare(folder: string, shard: Shard): Promise<Disposable> {
  using owned = new DisposableStack();
  if (shard.count > 1) {
    owned.use(await FolderLock.acquire(folder, { shared: true }));
    owned.use(await lockShard(folder, shard));
    return owned.move();
  }
  owned.use(await FolderLock.acquire(folder));
  // A worker may outlive its parent until its current call of a network ends.
  for (const name of await shardLocks(folder)) {
    using _ = await FolderLock.acquire(folder, { name });
  }
  return owned.move();
}
