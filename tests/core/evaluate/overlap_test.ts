import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { openImageFolder, openImageList } from "../../../core/data/mod.ts";
import { findOverlap } from "../../../core/evaluate/overlap.ts";
import { colors } from "./colored_images.ts";

Deno.test("findOverlap() compares images by where they lie, through links, folders and lists", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (const folder of ["a/cats", "a/dogs", "b/cats", "b/dogs"]) {
      await Deno.mkdir(join(root, folder), { recursive: true });
      await Deno.writeTextFile(join(root, folder, "1.png"), "");
    }
    await Deno.symlink(join(root, "a/dogs/1.png"), join(root, "b/dogs/2.png"));
    await Deno.symlink(join(root, "gone.png"), join(root, "b/cats/gone.png"));
    await Deno.symlink(join(root, "a"), join(root, "link"));
    await Deno.writeTextFile(join(root, "list.txt"), "a/cats/1.png 0\n./a/cats/1.png 0\n");
    const [a, b, link] = await Promise.all(
      ["a", "b", "link"].map((name) => openImageFolder(join(root, name))),
    );
    const list = await openImageList(join(root, "list.txt"));
    const pairs = async (...sets: Parameters<typeof findOverlap>) => [
      ...(await findOverlap(...sets)).bankIndices,
    ];
    assertEquals(await pairs(a!, link!), [[0, [0]], [1, [1]]]);
    // b/cats/1.png, b/cats/gone.png, b/dogs/1.png, b/dogs/2.png: the last is a link to a/dogs/1.png.
    assertEquals(await pairs(a!, b!), [[3, [1]]]);
    assertEquals(await findOverlap(list, a!), { bankIndices: new Map([[0, [0, 1]]]), most: 2 });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("findOverlap() compares drawn images by name", async () => {
  const [bank, queries] = [colors("bank", ["red"]), colors("queries", ["red"])];
  assertEquals(await findOverlap(bank, queries), { bankIndices: new Map(), most: 0 });
  const { bankIndices } = await findOverlap(bank, colors("bank", ["red"]));
  assertEquals([...bankIndices], [[0, [0]], [1, [1]]]);
});
