import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { inFolder } from "../in_folder.ts";

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

Deno.test("demo trains, prints what it reached and writes a report that needs no network", () =>
  inFolder(async (folder) => {
    const [run, report] = [join(folder, "run"), join(folder, "report")];
    const lengths = ["--epochs", "1", "--weighted-epochs", "1", "--images", "128"];
    const args = [...lengths, "--output", run, "--report", report];
    const { code, out, err } = await demo(...args);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "kNN before training");
    assertStringIncludes(out, "square in the middle");
    const page = await Deno.readTextFile(join(report, "index.html"));
    for (
      const part of [
        "Nearest neighbours",
        "Views",
        "Configuration",
        "Loss",
        "Foreground",
        "Pairs by",
        "data:image/",
      ]
    ) {
      assertStringIncludes(page, part);
    }
    assert(!/(src|href)="https?:/.test(page), "the page loads something from the network");
    const again = await demo(...args);
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "name another folder with --report");
  }));
