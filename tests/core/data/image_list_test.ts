import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { withFolder } from "../backbones/clip_golden.ts";
import { openImageList } from "../../../core/data/image_list.ts";

Deno.test("openImageList() refuses a list that leads to no files, and says how labels are written", () =>
  withFolder(async (path) => {
    const open = async (text: string) => {
      await Deno.writeTextFile(path("list.txt"), text);
      return await openImageList(path("list.txt"));
    };
    const error = await assertRejects(
      () => open("# animals\ncat.png cat\ndog.png dog\n"),
      TypeError,
      "each with a whole number as its label or without one",
    );
    assertStringIncludes(
      error.message,
      `found no file "${
        path("cat.png cat")
      }" (line 2, read as a path without a label), nor those of the next 1`,
    );
    await assertRejects(() => open("cat.png 0\n"), TypeError, `"${path("cat.png")}" (line 1)`);
    await Deno.writeTextFile(path("dog.png"), "");
    await assertRejects(
      () => openImageList(path("dog.png")),
      TypeError,
      "found the name of an image",
    );
    assertEquals((await open("cat.png 0\ndog.png 1\n")).length, 2);
  }));

Deno.test("openImageList() finds paths beside the list, elsewhere, or anywhere", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/list.txt`, "./a b.jpg 1\n/absolute/c.jpg 0\n");
    await Deno.writeTextFile(`${folder}/a b.jpg`, "");
    const beside = await openImageList(`${folder}/list.txt`);
    assertEquals(beside.sample(0).key, "a b.jpg");
    assertEquals(beside.sample(0).label, 1);
    assertEquals(beside.sample(0).source.name, `${folder}/a b.jpg`);
    assertEquals(beside.sample(1).source.name, "/absolute/c.jpg");
    const elsewhere = await openImageList(`${folder}/list.txt`, {
      root: "/data",
      files: false,
    });
    assertEquals(elsewhere.sample(0).source.name, "/data/a b.jpg");
    await Deno.writeTextFile(`${folder}/empty.txt`, "# nothing\n");
    await assertRejects(
      () => openImageList(`${folder}/empty.txt`),
      TypeError,
      "it must name images, found none",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
