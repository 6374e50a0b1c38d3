import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ConfinedPaths } from "../../../../core/studio/server/confined_paths.ts";
import { inFolder } from "../../../in_folder.ts";

Deno.test("paths below the root are found and made, others are refused", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "root/a/b"), { recursive: true });
    await Deno.writeTextFile(join(folder, "outside"), "");
    const paths = await ConfinedPaths.open(join(folder, "root"));
    assertEquals(await paths.resolve("."), paths.root);
    assertEquals(await paths.resolve("a/b"), join(paths.root, "a/b"));
    assertEquals(await paths.resolveNew("a/new/folder"), join(paths.root, "a/new/folder"));
    assertEquals(await paths.resolveNew("a/b"), join(paths.root, "a/b"));
    await assertRejects(() => paths.resolve("a/c"), Deno.errors.NotFound, "Cannot find");
    await assertRejects(() => paths.resolve("x".repeat(300)), Deno.errors.NotFound);
    const refused = [
      "",
      "/",
      "..",
      "../outside",
      "a/../../outside",
      "a/./b",
      "a//b",
      "/etc/passwd",
    ];
    for (const path of [...refused, "a\0", "a/", join(folder, "outside"), "x/".repeat(3000)]) {
      await assertRejects(() => paths.resolve(path), TypeError, "below the studio's root");
      await assertRejects(() => paths.resolveNew(path), TypeError, "below the studio's root");
    }
  }));

Deno.test("links that stay below the root are followed, those that lead out are not", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "root/a"), { recursive: true });
    await Deno.mkdir(join(folder, "root-beside"));
    await Deno.writeTextFile(join(folder, "outside"), "");
    const link = (to: string, name: string) => Deno.symlink(to, join(folder, "root", name));
    await link(join(folder, "root/a"), "within");
    await link(join(folder, "root-beside"), "beside");
    await link("../outside", "out");
    await link("loop", "loop");
    await link(join(folder, "nowhere"), "nowhere");
    const paths = await ConfinedPaths.open(join(folder, "root"));
    assertEquals(await paths.resolve("within"), join(paths.root, "a"));
    assertEquals(await paths.resolveNew("within/new"), join(paths.root, "a/new"));
    for (const path of ["beside", "out"]) {
      await assertRejects(() => paths.resolve(path), TypeError, "a symbolic link leads out");
    }
    for (const path of ["loop", "nowhere"]) {
      await assertRejects(() => paths.resolve(path), Deno.errors.NotFound);
    }
    for (const path of ["beside/new", "out", "loop", "nowhere", "nowhere/new"]) {
      await assertRejects(() => paths.resolveNew(path), TypeError, "a symbolic link leads out");
    }
  }));

Deno.test("a folder that another makes while it is looked for is found", () =>
  inFolder(async (folder) => {
    const paths = await ConfinedPaths.open(folder);
    const made = join(paths.root, "jobs");
    const { realPath } = Deno;
    // What is looked for is made right after it was not found.
    Deno.realPath = async (path) => {
      try {
        return await realPath(path);
      } catch (cause) {
        if (path === made) await Deno.mkdir(made, { recursive: true });
        throw cause;
      }
    };
    try {
      assertEquals(await paths.resolveNew("jobs"), made);
    } finally {
      Deno.realPath = realPath;
    }
  }));

Deno.test("a root must be a folder", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    await assertRejects(
      () => ConfinedPaths.open(join(folder, "file")),
      TypeError,
      "must be a folder",
    );
    await assertRejects(() => ConfinedPaths.open(join(folder, "no")), Deno.errors.NotFound);
  }));
