/**
 * Every command of the README is run, in a copy of the project: as it stands there, but for stand-ins of what is large;
 * then those of pages that build on what the README's commands have made. Blocks of commands that need what no test has
 * say so behind their `sh`, and are left out.
 * Those that cannot be run so have tests of their own, which are named here.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withFolder } from "./core/backbones/clip_golden.ts";
import { readPipelineGolden, writePipeline } from "./core/unclip/pipeline_golden.ts";
import { drawPictures } from "./tasks/square_pictures.ts";
import { lastOfEach } from "./tasks/last_of_each.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** Pages whose commands are run after the README's. */
const PAGES = ["README.md", "docs/evaluation.md", "docs/writing-a-plugin.md"];

/** What a user of the project has of it. */
const PARTS = ["core", "plugins", "tasks", "support", "configs"];
const FILES = ["deno.json", "deno.lock", "mod.ts"];

/** Commands that are run elsewhere, and where. */
const ELSEWHERE: readonly (readonly [command: RegExp, where: string])[] = [
  [/^deno run cli\.ts --help$/, "tests/cli_test.ts"],
  [/^npx --yes deno@2\.9\.6 task test$/, ".ci/run"],
  [/^npx --yes deno@2\.9\.6 task demo$/, "tests/tasks/tasks_test.ts"],
  [/^deno task demo /, "tests/tasks/tasks_test.ts"],
  [/^deno task weights pull /, "tests/tasks/weights_test.ts"],
  [/^deno task variations-import /, "tests/tasks/variations_import_test.ts"],
  [/^deno task bench /, "tests/bench/bench_test.ts"],
  [/^deno test -A my-method$/, "tests/tasks/plugins_test.ts"],
  [/(\.\.|runs)\/alignment/, "tests/writing_a_plugin_test.ts"],
];

/** Published networks, and what is small and stands in their place. */
const STAND_INS: readonly (readonly [published: string, small: string])[] = [
  ["ViT-H-14-laion2b_s32b_b79k", "photos-resnet18-step-1"],
  ["convnext_base_w", "backbone.safetensors"],
];

const CLIP = ["--model", "runs/photos", "--image-size", "64"];

/** Options that make a task short; those of the page come after them, and win. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  "extract-features": CLIP,
  "fg-ratio": CLIP,
  "variations": ["--model", "unclip", "--num-inference-steps", "2", "--size", "64"],
};

/** Options that win over those of the page. */
const SHORTER: Readonly<Record<string, readonly string[]>> = {
  train: [
    "--epochs",
    "1",
    "--preset",
    "cifar",
    "--stem",
    "imagenet",
    "--batch-size",
    "4",
    "--quality-image-size",
    "64",
  ],
  evaluate: ["--epochs", "1", "--k", "1,2"],
};

/** The commands of a document's shell blocks. */
function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1]!);
  return blocks.flatMap((block) => block.trim().split("\n"));
}

/** The arguments of Deno for a command of a page. */
function argumentsOf(command: string): string[] {
  const small = STAND_INS.reduce((text, [from, to]) => text.replaceAll(from, to), command);
  const [deno, task, name, ...args] = small.split(" ") as [string, string, string, ...string[]];
  assertEquals([deno, task], ["deno", "task"], `not a task: ${command}`);
  const last = args.includes("--resume") ? [] : SHORTER[name] ?? [];
  return ["task", "--quiet", name, ...lastOfEach([...(SHORT[name] ?? []), ...args, ...last])];
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

async function run(args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assertEquals(code, 0, `${args.join(" ")}\n${said}`);
}

Deno.test("the commands of the README and of the pages after it run, in their order", async (context) => {
  await withFolder(async (path) => {
    for (const part of PARTS) await copyFolder(join(ROOT, part), path(part));
    for (const file of FILES) await Deno.copyFile(join(ROOT, file), path(file));
    await drawPictures(path("photos"));
    await writePipeline(path("unclip"), await readPipelineGolden());
    const pages = await Promise.all(PAGES.map((page) => Deno.readTextFile(join(ROOT, page))));
    const commands = pages.flatMap(commandsOf);
    assert(commands.length > 10, "the README has its commands in blocks of sh");
    for (const command of commands) {
      const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(command));
      await context.step({
        name: elsewhere ? `${command} (run by ${elsewhere[1]})` : command,
        ignore: elsewhere !== undefined,
        fn: () => run(argumentsOf(command), path(".")),
      });
    }
    for (const made of ["backbone.onnx", "variations.png", "ratios/noise_levels.png"]) {
      assert((await Deno.stat(path(made))).size > 0, made);
    }
  });
});
