import { assertEquals, assertRejects } from "@std/assert";
import { FolderLock } from "../../../core/files/folder_lock.ts";
import { divideByLevel } from "../../../core/noise/mod.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("divideByLevel() refuses a folder where another process is at work, and writes nothing", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("ratios.txt"), "a.jpg 0.5\n");
    const options = { inputFile: path("ratios.txt"), outputDir: path("out") };
    {
      using _lock = await FolderLock.acquire(path("out"));
      await assertRejects(() => divideByLevel(options), Deno.errors.AlreadyExists, "at work there");
    }
    assertEquals(await Array.fromAsync(Deno.readDir(path("out"))), []);
    assertEquals((await divideByLevel(options)).lists.length, 1);
  }));

Deno.test("divideByLevel() says in one line what is wrong with its paths", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("ratios.txt"), "a.jpg 0.5\n");
    const ratios = path("ratios.txt");
    const cases: [inputFile: string, outputDir: string, message: string][] = [
      [path("none.txt"), path("out"), 'must be the fg_ratios.txt of "deno task fg-ratio"'],
      [path("."), path("out"), "it is a folder; name a file"],
      [ratios, path("ratios.txt/out"), "a part of its path is a file"],
      [ratios, path("x".repeat(300)), "its name is longer than the file system allows"],
    ];
    for (const [inputFile, outputDir, message] of cases) {
      await assertRejects(() => divideByLevel({ inputFile, outputDir }), Error, message);
    }
  }));
