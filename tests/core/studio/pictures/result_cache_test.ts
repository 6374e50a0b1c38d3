import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ResultCache } from "../../../../core/studio/pictures/result_cache.ts";
import { ConfinedPaths } from "../../../../core/studio/server/confined_paths.ts";
import { inFolder } from "../../../in_folder.ts";

const FOLDER = ".genview-studio/cache";

async function open(root: string, mostBytes?: number): Promise<ResultCache> {
  const paths = await ConfinedPaths.open(root);
  const context = { resolveNew: (path: string) => paths.resolveNew(path) };
  return new ResultCache(context, mostBytes === undefined ? {} : { mostBytes });
}

Deno.test("ResultCache gives what was put, and nothing of what was damaged or cut off", () =>
  inFolder(async (root) => {
    const cache = await open(root);
    assertEquals(await cache.get("a"), undefined);
    const result = { facts: { rows: [1, 2] }, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
    await cache.put("a", result);
    assertEquals(await cache.get("a"), result);
    assertEquals(await (await open(root)).get("a"), result);
    const [{ name }] = [...Deno.readDirSync(join(root, FOLDER))] as [Deno.DirEntry];
    const path = join(root, FOLDER, name);
    const whole = await Deno.readFile(path);
    for (const at of [0, 33, 40, whole.length - 1]) {
      await Deno.writeFile(path, whole.map((byte, i) => i === at ? byte ^ 4 : byte));
      assertEquals(await cache.get("a"), undefined, `byte ${at}`);
    }
    for (const length of [0, 10, 36, whole.length - 1]) {
      await Deno.writeFile(path, whole.slice(0, length));
      assertEquals(await cache.get("a"), undefined, `${length} bytes`);
    }
    await cache.put("a", result);
    assertEquals(await cache.get("a"), result);
  }));

Deno.test("ResultCache makes room for what was used last", () =>
  inFolder(async (root) => {
    const cache = await open(root, 3000);
    const result = { facts: null, bytes: new Uint8Array(900) };
    const pause = () => new Promise((resolve) => setTimeout(resolve, 15));
    for (const key of ["a", "b", "c"]) {
      await cache.put(key, result);
      await pause();
    }
    await cache.get("a");
    await pause();
    await cache.put("d", result);
    const left = ["a", "b", "c", "d"].map(async (key) => await cache.get(key) !== undefined);
    assertEquals(await Promise.all(left), [true, false, true, true]);
  }));

Deno.test("ResultCache is not led out of the root", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "root"));
    await Deno.mkdir(join(folder, "outside"));
    await Deno.symlink(join(folder, "outside"), join(folder, "root/.genview-studio"));
    const cache = await open(join(folder, "root"));
    const result = { facts: null, bytes: new Uint8Array() };
    await assertRejects(() => cache.put("a", result), TypeError, "leads out");
    assertEquals([...Deno.readDirSync(join(folder, "outside"))], []);
  }));
