import { assert, assertEquals } from "@std/assert";
import { isAbsolutePath, normalizeKey } from "../../../core/data/relative_path.ts";

Deno.test("normalizeKey() is the same for all ways to write a path with dots and slashes", () => {
  for (const path of ["a/b.png", "./a/b.png", "a/./b.png", "././a//b.png", "a/b.png/"]) {
    assertEquals(normalizeKey(path), "a/b.png");
  }
  assertEquals(normalizeKey("//a/./b"), "/a/b");
  assertEquals(normalizeKey("../a/../b"), "../a/../b");
  assertEquals(normalizeKey("a/.hidden/..b"), "a/.hidden/..b");
});

Deno.test("isAbsolutePath() knows the roots of all systems", () => {
  assert(isAbsolutePath("/a") && isAbsolutePath("C:\\a") && isAbsolutePath("c:/a"));
  assert(!isAbsolutePath("a/b") && !isAbsolutePath("./a") && !isAbsolutePath("c:a"));
});
