import { assertEquals, assertRejects } from "@std/assert";
import { removeVariations } from "../../../core/variations/remove_variations.ts";
import { withFolder } from "../backbones/clip_golden.ts";

async function writeManifest(folder: string, paths: readonly string[]): Promise<void> {
  const lines = paths.map((path) => JSON.stringify({ path, source: path, index: 0, level: 0 }));
  await Deno.writeTextFile(`${folder}/manifest.jsonl`, lines.join("\n") + "\n");
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("removeVariations() follows no link out of the folder, and then removes nothing", () =>
  withFolder(async (path) => {
    for (const folder of ["out", "elsewhere/deep"]) {
      await Deno.mkdir(path(folder), { recursive: true });
    }
    for (const name of ["out/a.png", "elsewhere/b.png", "elsewhere/deep/c.png"]) {
      await Deno.create(path(name));
    }
    await Deno.symlink(path("elsewhere"), path("out/link"));
    for (const outside of ["link/b.png", "link/deep/c.png"]) {
      await writeManifest(path("out"), ["a.png", outside]);
      await assertRejects(
        () => removeVariations(path("out")),
        Error,
        `a symbolic link leads out of ${path("out")}`,
      );
      assertEquals(await namesIn(path("out")), ["a.png", "link", "manifest.jsonl"]);
    }
    // Also where no manifest names them.
    await writeManifest(path("out"), ["a.png"]);
    await assertRejects(() => removeVariations(path("out"), ["link/b.png"]), Error, "leads out of");
    assertEquals(await namesIn(path("elsewhere")), ["b.png", "deep"]);
  }));

Deno.test("removeVariations() removes links in the place of variations, not what they lead to", () =>
  withFolder(async (path) => {
    await Deno.mkdir(path("out/inside"), { recursive: true });
    await Deno.mkdir(path("real"));
    await Deno.symlink(path("real"), path("link to out"));
    for (const name of ["mine.png", "out/inside/a.png"]) await Deno.create(path(name));
    await Deno.symlink(path("mine.png"), path("out/b.png"));
    await Deno.symlink(path("nowhere"), path("out/c.png"));
    await Deno.symlink(path("out/inside"), path("out/same"));
    await writeManifest(path("out"), ["b.png", "c.png", "same/a.png", "gone/d.png"]);
    await removeVariations(path("out"));
    assertEquals(await namesIn(path("out")), ["inside", "same"]);
    assertEquals(await namesIn(path("out/inside")), []);
    assertEquals((await Deno.stat(path("mine.png"))).isFile, true);
    // The folder itself may be a link: it was named.
    await Deno.create(path("real/a.png"));
    await writeManifest(path("real"), ["a.png"]);
    await removeVariations(path("link to out"));
    assertEquals(await namesIn(path("real")), []);
  }));
