import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FolderLock, lockHolder } from "../../../core/files/folder_lock.ts";
import { inFolder } from "../../in_folder.ts";

const MODULE = import.meta.resolve("../../../core/files/folder_lock.ts");

/** A process that locks a folder, says so, and waits until it is killed. */
function holder(folder: string): Deno.ChildProcess {
  const program = `import { FolderLock, lockHolder } from ${JSON.stringify(MODULE)};
const lock = await FolderLock.acquire(${JSON.stringify(folder)});
console.log("locked");
await new Promise((resolve) => setTimeout(resolve, 60_000));
lock[Symbol.dispose]();`;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--allow-read",
      "--allow-write",
      "--allow-sys=hostname",
      `data:text/javascript,${encodeURIComponent(program)}`,
    ],
    stdout: "piped",
  }).spawn();
}

async function firstOutput(child: Deno.ChildProcess): Promise<void> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assertStringIncludes(new TextDecoder().decode(value), "locked");
  await reader.cancel();
}

Deno.test("a second process is refused at once, with the owner's process and host", async () => {
  await inFolder(async (folder) => {
    const child = holder(folder);
    await firstOutput(child);
    const error = await assertRejects(() => FolderLock.acquire(folder), Deno.errors.AlreadyExists);
    assertStringIncludes((error as Error).message, `process ${child.pid} on `);
    child.kill("SIGKILL");
    await child.status;
  });
});

Deno.test("who holds a lock can be asked by others, while it is held and no longer", async () => {
  await inFolder(async (folder) => {
    assertEquals(await lockHolder(folder), undefined);
    const child = holder(folder);
    await firstOutput(child);
    assertEquals((await lockHolder(folder))?.process, child.pid);
    // A lock of another name is another one.
    assertEquals(await lockHolder(folder, { name: "other" }), undefined);
    child.kill("SIGKILL");
    await child.status;
    assert(await Deno.readTextFile(`${folder}/.genview.lock`) !== "");
    assertEquals(await lockHolder(folder), undefined);
  });
});

Deno.test("a lock that names no process is not believed, and no plain file is no lock", async () => {
  await inFolder(async (folder) => {
    using lock = await FolderLock.acquire(folder);
    await Deno.writeTextFile(lock.path, JSON.stringify({ process: -1, host: "a", since: "b" }));
    await assertRejects(() => lockHolder(folder), SyntaxError, "must name its holder");
    await Deno.symlink(lock.path, `${folder}/.genview-link.lock`);
    assertEquals(await lockHolder(folder, { name: "link" }), undefined);
  });
});

Deno.test("asking who holds a lock never refuses one who takes it at that moment", async () => {
  await inFolder(async (folder) => {
    let asking = true;
    const asked = (async () => {
      while (asking) await lockHolder(folder);
    })();
    for (let round = 0; round < 50; round++) {
      using _lock = await FolderLock.acquire(folder);
    }
    asking = false;
    await asked;
  });
});

Deno.test("a killed owner's lock is taken over", async () => {
  await inFolder(async (folder) => {
    const child = holder(folder);
    await firstOutput(child);
    child.kill("SIGKILL");
    await child.status;
    assert(await Deno.readTextFile(`${folder}/.genview.lock`) !== "");
    using lock = await FolderLock.acquire(folder);
    assertEquals(JSON.parse(await Deno.readTextFile(lock.path)).process, Deno.pid);
  });
});

Deno.test("a lock that is given back leaves nothing, and can be had again", async () => {
  await inFolder(async (folder) => {
    for (let round = 0; round < 3; round++) {
      using _lock = await FolderLock.acquire(folder);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("locks of several names are held at once, each by one", async () => {
  await inFolder(async (folder) => {
    using _first = await FolderLock.acquire(folder, { name: "shard-0" });
    using _second = await FolderLock.acquire(folder, { name: "shard-1" });
    await assertRejects(
      () => FolderLock.acquire(folder, { name: "shard-1" }),
      Deno.errors.AlreadyExists,
    );
  });
});

Deno.test("a lock that is shared is held by several, and excludes one who wants it alone", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const first = await FolderLock.acquire(folder, { shared: true });
    {
      using _second = await FolderLock.acquire(folder, { shared: true });
      await assertRejects(() => FolderLock.acquire(folder), Deno.errors.AlreadyExists);
    }
    await assertRejects(() => FolderLock.acquire(folder), Deno.errors.AlreadyExists);
    first[Symbol.dispose]();
    {
      using _alone = await FolderLock.acquire(folder);
      await assertRejects(
        () => FolderLock.acquire(folder, { shared: true }),
        Deno.errors.AlreadyExists,
        "is at work there",
      );
    }
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
