import { assertEquals, assertRejects } from "@std/assert";
import { isImageName, listImages, openImageFolder } from "../../../core/data/image_folder.ts";

/** Empty files in a folder that is gone after the test. */
async function withFiles(
  paths: readonly string[],
  test: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const path of paths) {
      const folder = `${root}/${path}`.replace(/\/[^/]*$/, "");
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeFile(`${root}/${path}`, new Uint8Array());
    }
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("openImageFolder() takes folders as classes, in alphabetical order", async () => {
  const files = ["zebra/2.PNG", "ant/b/deep.webp", "ant/a.jpg", "zebra/10.jpeg", "ant/notes.txt"];
  await withFiles([...files, ".hidden/x.jpg", "labels.csv"], async (root) => {
    const dataset = await openImageFolder(root);
    assertEquals(dataset.classes, ["ant", "zebra"]);
    const samples = Array.from({ length: dataset.length }, (_, i) => dataset.sample(i));
    assertEquals(samples.map(({ key, label }) => [key, label]), [
      ["ant/a.jpg", 0],
      ["ant/b/deep.webp", 0],
      ["zebra/10.jpeg", 1],
      ["zebra/2.PNG", 1],
    ]);
    assertEquals(samples[0]!.source.name, `${root}/ant/a.jpg`);
  });
});

Deno.test("openImageFolder() gives images without folders no labels", async () => {
  await withFiles(["b.png", "a.gif"], async (root) => {
    const dataset = await openImageFolder(root);
    assertEquals(dataset.classes, undefined);
    assertEquals(dataset.sample(0).key, "a.gif");
    assertEquals(dataset.sample(0).label, undefined);
  });
});

Deno.test("openImageFolder() rejects folders that hold no images, or some beside the classes", async () => {
  await withFiles(["readme.md"], async (root) => {
    await assertRejects(() => openImageFolder(root), TypeError, "it must hold images");
  });
  await withFiles(["full/a.png", "hollow/a.txt"], async (root) => {
    await assertRejects(() => openImageFolder(root), TypeError, 'none in its class "hollow"');
  });
  await withFiles(["class/a.png", "stray.png"], async (root) => {
    await assertRejects(() => openImageFolder(root), TypeError, '"stray.png" beside the folders');
  });
  await assertRejects(() => openImageFolder("/no/such/folder"), Deno.errors.NotFound);
});

Deno.test("openImageFolder() follows links", async () => {
  await withFiles(["elsewhere/a.png", "images/other/b.png"], async (root) => {
    await Deno.symlink(`${root}/elsewhere`, `${root}/images/linked`);
    const dataset = await openImageFolder(`${root}/images`);
    assertEquals(dataset.classes, ["linked", "other"]);
    assertEquals(dataset.sample(0).key, "linked/a.png");
  });
});

Deno.test("openImageFolder() takes a link that leads to nothing as a file, and refuses one that leads back", async () => {
  await withFiles(["cat/a.png"], async (root) => {
    await Deno.symlink("/no/such/image", `${root}/cat/b.png`);
    assertEquals((await openImageFolder(root)).length, 2);
    await Deno.symlink(root, `${root}/cat/again`);
    await assertRejects(
      () => openImageFolder(root),
      TypeError,
      `links must not lead to a folder that they are in, found "again" to ${await Deno.realPath(
        root,
      )}`,
    );
  });
});

Deno.test("listImages() lists a folder at any depth", async () => {
  await withFiles(["b.png", "a/c.png", "a/b/d.png"], async (root) => {
    assertEquals(await listImages(root), ["a/b/d.png", "a/c.png", "b.png"]);
  });
});

Deno.test("isImageName() goes by the extension", () => {
  assertEquals(["a.JPG", "a.b.tiff", "a.bmp", "jpg", ".png", "a.png.txt"].map(isImageName), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
