import { assertEquals, assertRejects } from "@std/assert";
import { writeNewFolder } from "../../../core/files/new_folder.ts";
import { inFolder } from "../../in_folder.ts";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

Deno.test("writeNewFolder() shows the folder's name only when all is written, and leaves nothing of a failure", async () => {
  await inFolder(async (folder) => {
    await assertRejects(
      () => writeNewFolder(`${folder}/a`, () => Promise.reject(new Error("no space"))),
      Error,
      "no space",
    );
    assertEquals(names(folder), []);
    await writeNewFolder(`${folder}/a`, async (temporary) => {
      assertEquals(names(folder).filter((name) => !name.endsWith(".tmp")), []);
      await Deno.writeTextFile(`${temporary}/b.txt`, "whole");
    });
    assertEquals(names(folder), ["a"]);
    assertEquals(await Deno.readTextFile(`${folder}/a/b.txt`), "whole");
  });
});

Deno.test("writeNewFolder() never takes the place of what is there", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a`);
    const write = () => writeNewFolder(`${folder}/a`, () => Promise.resolve());
    await assertRejects(write, Deno.errors.AlreadyExists, "the name must be free");
    const late = () => writeNewFolder(`${folder}/b`, () => Deno.mkdir(`${folder}/b`));
    await assertRejects(late, Deno.errors.AlreadyExists, "the name must be free");
    assertEquals(names(folder).toSorted(), ["a", "b"]);
  });
});
