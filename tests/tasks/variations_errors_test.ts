import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { isGenviewError } from "../../core/errors/mod.ts";
import { main as variations } from "../../tasks/variations.ts";
import { main as grid } from "../../tasks/variations_grid.ts";
import { main as list } from "../../tasks/variations_list.ts";
import { smallOptions, withModel } from "../core/variations/variation_fixture.ts";

/** Runs a task that a person has asked for what cannot be: one line, that says what to do. */
async function refuse(run: () => Promise<void>, message: RegExp): Promise<void> {
  const error = await assertRejects(run, Error);
  assertEquals(isGenviewError(error), true, String(error));
  assertEquals(error.message.includes("\n"), false, error.message);
  assertMatch(error.message, message);
}

Deno.test("variations say in one line what is wrong with --input-list and --output-prefix, and what to do", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 0\n");
    const run = (input: string, output: string, ...more: string[]) => () =>
      variations([
        ...["--input-list", path(input), "--output-prefix", path(output)],
        ...smallOptions(path),
        ...more,
      ]);
    await refuse(run("images", "out"), /must be a file, found a folder; --auto takes/);
    await refuse(run("list.txt", "out", "--auto"), /found a file; leave --auto out/);
    await refuse(run("none.txt", "out"), /no such file or folder; check the path/);
    await refuse(run("none", "out", "--auto"), /no such file or folder; check the path/);
    await refuse(run("list.txt/x", "out"), /a part of its path is a file/);
    await refuse(run("list.txt", "list.txt"), /the name is taken; choose another/);
    await refuse(
      run("list.txt", "list.txt/out"),
      /a part of its path is a file.*choose another path/,
    );
    await refuse(
      run("list.txt", "é".repeat(200)),
      /longer than the file system allows; shorten it/,
    );
    await Deno.mkdir(path("out/variations.json"), { recursive: true });
    await refuse(run("list.txt", "out"), /Cannot read .*variations.json: it is a folder/);
  }));

Deno.test("variations-grid says in one line what it lacks", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(
      path("images/manifest.jsonl"),
      '{"path":"cats/0.png","source":"cats/0.png","index":0,"level":0}\n',
    );
    await Deno.writeTextFile(path("list.txt"), "cats/0.png\n");
    const run = (output: string, ...args: string[]) => () =>
      grid(["--output", path(output), ...args]);
    const given = ["--input-prefix", path("images"), path("images")];
    await refuse(
      run("grid.png", path("images")),
      /none of the 1 image is there, such as cats\/0.png; --input-prefix names the folder/,
    );
    await refuse(
      run("grid.png", "--model", path("model"), "--input-list", path("list.txt")),
      /none of the 1 image is there.*--input-prefix names the folder/,
    );
    await refuse(run("list.txt/grid.png", ...given), /Cannot write .*a part of its path is a file/);
    await refuse(run("none/grid.png", ...given), /Cannot write .*no such file or folder/);
    await refuse(run("grid.png", path("none")), /Cannot read .*no such file or folder/);
    await refuse(
      run("grid.png", path("list.txt")),
      /Cannot look for tars in .*list.txt: .*a folder must be/,
    );
    await refuse(
      run("grid.png", "--ratios", path("none.txt"), ...given),
      /Cannot read .*none.txt: there is no such file/,
    );
    await Deno.writeTextFile(path("images/cats/0.png"), "not an image");
    await refuse(run("grid.png", ...given), /Cannot read the image .*cats\/0.png/);
  }));

Deno.test("variations-list says in one line what it lacks", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "");
    const run = (input: string, output: string) => () =>
      list(["--input-dir", path(input), "--output", path(output)]);
    await refuse(run("none", "x.txt"), /no such file or folder/);
    await refuse(run("list.txt", "x.txt"), /a folder must be|must be a folder/);
    await refuse(run("images", "list.txt/x.txt"), /Cannot write .*a part of its path is a file/);
    await refuse(run("images", "none/x.txt"), /Cannot write .*no such file or folder/);
  }));
