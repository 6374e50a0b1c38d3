import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { loadedByAddress, tasks } from "../cli.ts";
import configuration from "../deno.json" with { type: "json" };
import { mergePermissions, permissionsOf } from "../tasks/cli/permissions.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { readPipelineGolden, writePipeline } from "./core/unclip/pipeline_golden.ts";
import { inFolder } from "./in_folder.ts";
import { serveRepository } from "./served_repository.ts";
import { drawPictures } from "./tasks/square_pictures.ts";

/** Tasks of deno.json that only a checkout has. */
const OF_CHECKOUTS = ["bench", "docs", "make-embedded-generator", "check", "test"];

async function run(command: string, args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    // An installed program starts the deno on the PATH, which may be another than this one.
    env: { NO_COLOR: "1", PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

Deno.test("cli.ts has every task of deno.json by its name", () => {
  const names = Object.keys(configuration.tasks).filter((name) => !OF_CHECKOUTS.includes(name));
  assertEquals(Object.keys(tasks), names);
});

Deno.test("cli.ts names all modules that are loaded by addresses", async () => {
  const folders = ["core", "tasks"].map((folder) => new URL(`../${folder}/`, import.meta.url));
  const started = Object.values(bundledMethods).map((manifest) =>
    new URL("./mod.ts", manifest).href
  );
  async function search(folder: URL): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await search(new URL(`${name}/`, folder));
      else if (name.endsWith(".ts")) {
        const file = new URL(name, folder);
        const text = await Deno.readTextFile(file);
        for (const [, path] of text.matchAll(/new URL\("([^"]*\.ts)", import\.meta\.url\)/g)) {
          started.push(new URL(path!, file).href);
        }
      }
    }
  }
  for (const folder of folders) await search(folder);
  const named = loadedByAddress.map((program) =>
    /import\("([^"]*)"\)/.exec(program.toString())![1]!
  )
    .map((path) => new URL(path, new URL("../cli.ts", import.meta.url)).href);
  const itself = new URL("../cli.ts", import.meta.url).href;
  assertEquals(new Set(started.filter((program) => program !== itself)), new Set(named));
});

Deno.test("cli.ts is installed from a web server and runs tasks in an empty folder", () =>
  inFolder(async (folder) => {
    await using served = serveRepository();
    const [root, place] = [join(folder, "root"), join(folder, "place")];
    await Deno.mkdir(place);
    const permissions = mergePermissions([
      ...Object.keys(tasks).map(permissionsOf),
      [`--allow-import=${served.host}`],
    ]);
    const installed = await run(Deno.execPath(), [
      ...["install", "--global", "--root", root, "--name", "genview", "--no-prompt"],
      "--unstable-worker-options",
      ...permissions,
      `${served.address}cli.ts`,
    ], place);
    assertEquals(installed.code, 0, installed.err);
    // All is fetched when it is installed, though only the task that is asked for is loaded.
    const fetched = served.asked.length;
    const genview = (...args: string[]) => run(join(root, "bin/genview"), args, place);

    const version = await genview("--version");
    assertEquals([version.code, version.out], [0, `genview ${configuration.version}\n`]);
    const help = await genview();
    assertEquals(help.code, 0, help.err);
    for (const name of Object.keys(tasks)) assertStringIncludes(help.out, `\n  ${name} `);
    const helpTrain = await genview("help", "train");
    assertEquals(helpTrain.code, 0, helpTrain.err);
    assertStringIncludes(helpTrain.out, "Usage: genview train [options]");
    assertStringIncludes(helpTrain.out, "--unstable-worker-options");
    assertStringIncludes(helpTrain.out, "--allow-ffi");
    assert(!helpTrain.out.includes("deno task"), helpTrain.out);
    const helpExport = await genview("help", "export");
    assertStringIncludes(helpExport.out, `--allow-import=${served.host}`);
    const misspelt = await genview("trian");
    assertEquals(misspelt.code, 1);
    assertStringIncludes(misspelt.err, 'the nearest is "train"');

    const plugins = await genview("plugins");
    assertEquals(plugins.code, 0, plugins.err);
    assertStringIncludes(plugins.out, "simsiam");
    await drawPictures(join(place, "photos"));
    const trained = await genview(
      ...["train", "--data", "photos", "--preset", "cifar", "--stem", "imagenet", "--epochs", "1"],
      ...["--batch-size", "4", "--option.projector-width", "32", "--option.predictor-width", "16"],
      ...["--evaluate-every", "0", "--threads", "1", "--output", "run"],
    );
    assertEquals(trained.code, 0, trained.err);
    assertStringIncludes(trained.out, "trained 1 step:");
    const again = await genview("train", "--data", "photos", "--output", "run");
    assertEquals(again.code, 1);
    assertEquals(
      again.err.trimEnd().split("\n").at(-1)!.startsWith("error: Cannot"),
      true,
      again.err,
    );
    await writePipeline(join(place, "unclip"), await readPipelineGolden());
    await Deno.writeTextFile(join(place, "list.txt"), "cats/0.png 100\n");
    const generated = await genview(
      ...[
        "variations",
        "--model",
        "unclip",
        "--input-list",
        "list.txt",
        "--input-prefix",
        "photos",
      ],
      ...["--num-inference-steps", "5", "--size", "0", "--threads", "1", "--workers", "1"],
      ...["--output-prefix", "variations"],
    );
    assertEquals(generated.code, 0, generated.err);
    assertStringIncludes(generated.out, "made 1 of 1 variations");
    assertEquals(served.asked.slice(fetched), []);
  }));
