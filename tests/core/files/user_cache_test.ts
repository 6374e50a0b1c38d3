import { assertEquals } from "@std/assert";
import { homedir } from "node:os";
import { join } from "node:path";
import { userCache } from "../../../core/files/user_cache.ts";

Deno.test("userCache() is under XDG_CACHE_HOME, or under .cache of the home folder", () => {
  const before = Deno.env.get("XDG_CACHE_HOME");
  try {
    Deno.env.set("XDG_CACHE_HOME", "/caches");
    assertEquals(userCache("a", "b.json"), join("/caches", "genview", "a", "b.json"));
    Deno.env.delete("XDG_CACHE_HOME");
    assertEquals(userCache("a"), join(homedir(), ".cache", "genview", "a"));
  } finally {
    if (before !== undefined) Deno.env.set("XDG_CACHE_HOME", before);
  }
});
