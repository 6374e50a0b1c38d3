import { assertEquals } from "@std/assert";
import { openImageList, uniqueIndices } from "../../../core/data/mod.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("uniqueIndices() takes an image that is listed twice once", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "a.jpg\nb.jpg\na.jpg\n");
    assertEquals(uniqueIndices(await openImageList(path("list.txt"), { files: false })), [0, 1]);
  }));
