import { assertEquals, assertRejects } from "@std/assert";
import { isGenviewError } from "../../../core/errors/mod.ts";
import { makeFolder, writeNewFile } from "../../../core/files/new_file.ts";
import { inFolder } from "../../in_folder.ts";

Deno.test("writeNewFile() says of the system's errors what to do, in one line", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const cases: [string, string][] = [
      [`${folder}/missing/a.txt`, "there is no such file or folder"],
      [`${folder}/file/a.txt`, "a part of its path is a file"],
      [`${folder}/${"a".repeat(256)}`, "its name is longer than the file system allows"],
    ];
    for (const [path, message] of cases) {
      const error = await assertRejects(() => writeNewFile(path, "text"), Error, message) as Error;
      assertEquals([isGenviewError(error), error.message.includes("\n")], [true, false]);
    }
    await assertRejects(
      () => makeFolder(`${folder}/file/a`),
      Error,
      "a part of its path is a file",
    );
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  });
});

Deno.test("a full disk is named, and leaves no file", async () => {
  await inFolder(async (folder) => {
    const full = Object.assign(new Error("No space left on device (os error 28)"), {
      code: "ENOSPC",
    });
    await assertRejects(
      () => writeNewFile(`${folder}/a.txt`, () => Promise.reject(full)),
      Error,
      `Cannot write ${folder}/a.txt: the disk is full; free some space`,
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("every name that a file may have can be written, to 255 bytes", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/${"é".repeat(127)}a`;
    await writeNewFile(path, "text");
    assertEquals(await Deno.readTextFile(path), "text");
  });
});
