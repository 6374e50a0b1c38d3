import { assertRejects } from "@std/assert";
import { checkFree } from "../../../core/files/check_free.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("checkFree() refuses files and links to nothing, and says what helps", () =>
  withFolder(async (path) => {
    await checkFree(path("a"), "take b");
    await Deno.symlink(path("nothing"), path("a"));
    await assertRejects(
      () => checkFree(path("a"), "take b"),
      Deno.errors.AlreadyExists,
      "the name must be free, found a file; take b",
    );
  }));
