import { assertEquals } from "@std/assert";
import { mergePermissions, permissionsOf } from "../../../tasks/cli/permissions.ts";

Deno.test("permissionsOf() reads a task's flags from deno.json", () => {
  assertEquals(permissionsOf("variations-list").includes("--allow-read"), true);
  assertEquals(permissionsOf("nothing"), []);
});

Deno.test("mergePermissions() allows what any of the lists does", () => {
  assertEquals(
    mergePermissions([
      ["--allow-read", "--allow-env=HOME,PATH"],
      ["--allow-env=HF_HOME,HOME", "--allow-sys=hostname"],
      ["--allow-sys", "--allow-read"],
    ]),
    ["--allow-read", "--allow-env=HOME,PATH,HF_HOME", "--allow-sys"],
  );
});
