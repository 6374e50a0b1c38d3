import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { GenviewTypeError } from "../../../core/errors/mod.ts";
import { errorText } from "../../../tasks/cli/error_text.ts";
import { inFolder } from "../../in_folder.ts";

/** What an operation throws. */
async function thrown(operation: () => unknown): Promise<unknown> {
  try {
    await operation();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("errorText() is one line for what a user can mend", () =>
  inFolder(async (folder) => {
    assertEquals(errorText(new GenviewTypeError("Cannot add: why")), "error: Cannot add: why");
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    const cases = [
      [() => Deno.open(join(folder, "missing")), "Cannot open", "there is no such file or folder"],
      [() => Deno.readTextFile(folder), "Cannot read", "it is a folder; name a file"],
      [
        () => Deno.mkdir(join(file, "below")),
        "Cannot make the folder",
        "a part of its path is a file",
      ],
    ] as const;
    for (const [operation, action, reason] of cases) {
      const text = errorText(await thrown(operation))!;
      assertStringIncludes(text, `error: ${action} ${folder}`);
      assertStringIncludes(text, reason);
      assertEquals(text.split("\n").length, 1, text);
    }
  }));

Deno.test("errorText() says which permission is missing", () => {
  const text = errorText(
    new Deno.errors.NotCapable(
      'Requires read access to "/a", run again with the --allow-read flag',
    ),
  )!;
  assertStringIncludes(
    text,
    'it requires read access to "/a"; run again with the --allow-read flag',
  );
  assertEquals(text.split("\n").length, 1, text);
});

Deno.test("errorText() shows a bug's stack, also where its message begins like one of ours", () => {
  const bug = new TypeError("Cannot read properties of undefined (reading 'shape')");
  const text = errorText(bug)!;
  assertStringIncludes(text, "error_text_test.ts");
  assertStringIncludes(text, "this is a bug in genview, or in a plugin");
  assert(text.includes("Please report"), text);
});

Deno.test("errorText() says nothing where nobody reads on", () => {
  assertEquals(errorText(new Deno.errors.BrokenPipe("Broken pipe (os error 32)")), undefined);
});
