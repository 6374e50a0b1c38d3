import { assertEquals, assertRejects } from "@std/assert";
import { writeAll, writeNewFile } from "../../../core/files/new_file.ts";
import { inFolder } from "../../in_folder.ts";

const TEXT = new TextEncoder().encode("whole");

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

Deno.test("writeNewFile() shows the file's name only when all is written", async () => {
  await inFolder(async (folder) => {
    await writeNewFile(`${folder}/a.txt`, async (file) => {
      await writeAll(file, TEXT);
      assertEquals(names(folder).length, 1);
      assertEquals(names(folder)[0]!.endsWith(".tmp"), true);
    });
    assertEquals(names(folder), ["a.txt"]);
    assertEquals(await Deno.readTextFile(`${folder}/a.txt`), "whole");
  });
});

Deno.test("writeNewFile() leaves nothing behind when writing fails", async () => {
  await inFolder(async (folder) => {
    await assertRejects(
      () => writeNewFile(`${folder}/a.txt`, () => Promise.reject(new Error("no space"))),
      Error,
      "no space",
    );
    assertEquals(names(folder), []);
  });
});

Deno.test("writeNewFile() replaces a file only when told to", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await Deno.writeTextFile(path, "old");
    const write = (file: Deno.FsFile) => writeAll(file, TEXT);
    await assertRejects(() => writeNewFile(path, write), Deno.errors.AlreadyExists, path);
    assertEquals(await Deno.readTextFile(path), "old");
    await writeNewFile(path, write, { overwrite: true });
    assertEquals(await Deno.readTextFile(path), "whole");
    assertEquals(names(folder), ["a.txt"]);
  });
});

Deno.test("writeNewFile() names the file in the error of a folder that is not there", async () => {
  await inFolder(async (folder) => {
    await assertRejects(
      () => writeNewFile(`${folder}/none/a.txt`, TEXT),
      Deno.errors.NotFound,
      `${folder}/none/a.txt`,
    );
  });
});

Deno.test("writeNewFile() writes every name that the file system takes, and says which are too long", async () => {
  await inFolder(async (folder) => {
    const longest = `${"é".repeat(125)}xy.js`;
    for (const name of [longest, `${"x".repeat(210)}.png`]) {
      await writeNewFile(`${folder}/${name}`, TEXT);
      assertEquals(await Deno.readFile(`${folder}/${name}`), TEXT);
    }
    await assertRejects(
      () => writeNewFile(`${folder}/${longest}x`, TEXT),
      Error,
      "its name is longer than the file system allows; shorten it",
    );
    assertEquals(names(folder).length, 2);
  });
});
