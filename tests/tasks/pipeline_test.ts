import { assertEquals, assertStringIncludes } from "@std/assert";
import { withPipelineFixture } from "../core/pipeline/pipeline_fixture.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs the task with the permissions that deno.json gives it, and without a terminal. */
async function pipeline(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "pipeline", ...args],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

Deno.test("the pipeline says how long it takes, goes on where it was, and asks only who can answer", () =>
  withPipelineFixture(async ({ data, output, model }) => {
    const options = ["--data", data, "--output", output, "--model", model, "--device", "cpu"];
    const first = await pipeline(...options, "--until", "features");
    assertEquals([first.code, first.out], [0, "done\n"], first.err);
    assertStringIncludes(first.err, "at the speed of a few images, the stages will take:");
    assertStringIncludes(first.err, "features done in ");

    const second = await pipeline(...options, "--until", "levels", "--no-estimate");
    assertEquals(second.code, 0, second.err);
    assertStringIncludes(second.err, "features left out: done already, with the same settings");
    assertStringIncludes(second.err, "images by noise level: ");

    const published = await pipeline("--data", data, "--output", output, "--published");
    assertEquals(published.code, 1);
    assertStringIncludes(
      published.err,
      "standard input must be a terminal, found none; --yes agrees",
    );
  }));
