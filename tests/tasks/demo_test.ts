import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withPipelineFixture } from "../core/pipeline/pipeline_fixture.ts";
import { digestsOf } from "./rank_task.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

function command(args: readonly string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    ...{ stdout: "piped", stderr: "piped" },
  });
}

/** Runs `deno task demo`. */
async function demo(...args: string[]) {
  const { code, stdout, stderr } = await command(args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Runs `deno task demo`, and stops it as Ctrl-C does when it says something; what it prints. */
async function stoppedAt(said: string, args: readonly string[]) {
  const child = command(args).spawn();
  const out = new Response(child.stdout).text();
  let err = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    const isSaid = err.includes(said);
    err += text;
    if (!isSaid && err.includes(said)) child.kill("SIGINT");
  }
  await child.status;
  assertStringIncludes(err, said);
  return { out: await out, err };
}

Deno.test("demo runs the pipeline and both kinds of pairs, goes on where it was stopped, and tells of it on a page", () =>
  withPipelineFixture(async ({ output, generator, model }) => {
    const sizes = ["--images", "20", "--epochs", "2", "--steps", "2"];
    const networks = ["--generator", generator, "--model", model];
    const args = [...sizes, ...networks, "--output", output, "--device", "cpu"];
    const stopped = "stopped in ordinary pairs; resume with the same command and --resume\n";
    assertEquals((await stoppedAt("ordinary pairs:", args)).out, stopped);
    const refused = await demo(...args);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "it has begun; --resume goes on");
    const { code, out, err } = await demo(...args, "--resume");
    assertEquals(code, 0, err);
    assertStringIncludes(err, "features left out: done already");
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

    const again = await demo(...args, "--resume");
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "choose another --seed or --output");
    const fewer = await demo("--output", output, "--images", "16", "--seed", "1");
    assertEquals(fewer.code, 1);
    assertStringIncludes(fewer.err, "found 20 in");
    assert(!existsSync(join(output, "simsiam-seed-1")));

    // Images and variations are all demos' in a folder.
    const before = await digestsOf(join(output, "genview"));
    const second = await stoppedAt("ordinary pairs:", [...args, "--seed", "1"]);
    assertEquals(second.out, stopped);
    const kept = second.err.match(/^\w+(?= left out: done already)/gm);
    assertEquals(kept, ["features", "ratios", "levels", "variations"], second.err);
    assert(!/ done in |some images at each noise level/.test(second.err), second.err);
    assertEquals(await digestsOf(join(output, "genview")), before);
    assert(existsSync(join(output, "simsiam-seed-1")));
  }));
