import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withPipelineFixture } from "../core/pipeline/pipeline_fixture.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs `deno task demo`. */
async function demo(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("demo runs the pipeline and both kinds of pairs, and tells of it on a page that needs no network", () =>
  withPipelineFixture(async ({ output, generator, model }) => {
    const sizes = ["--images", "20", "--epochs", "1", "--steps", "2"];
    const networks = ["--generator", generator, "--model", model];
    const args = [...sizes, ...networks, "--output", output, "--device", "cpu"];
    const { code, out, err } = await demo(...args);
    assertEquals(code, 0, err);
    for (const what of ["nearest neighbours: generated pairs", "square in the middle"]) {
      assertStringIncludes(out, what);
    }
    const page = join(output, "simsiam-seed-0", "report", "index.html");
    assertStringIncludes(out, `report: ${page}`);
    const text = await Deno.readTextFile(page);
    for (
      const title of [
        ...["What came of it", "What is foreground", "Variations", "Views"],
        ...["Pairs by their quality", "Maps of the features", "Nearest neighbours", "Loss"],
      ]
    ) {
      assertStringIncludes(text, `>${title}</h2>`);
    }
    assertStringIncludes(text, "20 of them with a variation");
    assert(!/(src|href)="https?:/.test(text), "the page loads something from the network");

    const again = await demo(...args);
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "choose another --seed or --output");
    const fewer = await demo("--output", output, "--images", "16", "--seed", "1");
    assertEquals(fewer.code, 1);
    assertStringIncludes(fewer.err, "found 20 in");
    assert(!existsSync(join(output, "simsiam-seed-1")));
  }));
