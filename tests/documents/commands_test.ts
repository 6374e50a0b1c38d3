/**
 * Every command of every page is run, in the order of the pages and in one copy of the project, so that pages share
 * what earlier ones have made: as it stands there, but for stand-ins of what is large. What stands on several pages is
 * run once. Blocks that need what no test has say so (see pages.ts) and are left out; options_test.ts looks at them.
 * Commands that cannot be run so have tests of their own, which are named here.
 *
 * Programs in Python are run where `python3`, or the interpreter that GENVIEW_PYTHON names, has what they import.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { readPipelineGolden, writePipeline } from "../core/unclip/pipeline_golden.ts";
import { drawPictures } from "../tasks/square_pictures.ts";
import { lastOfEach } from "../tasks/last_of_each.ts";
import { type Block, commandsOf, readBlocks, ROOT, wordsOf } from "./pages.ts";

const PYTHON = Deno.env.get("GENVIEW_PYTHON") ?? "python3";

/** What a user of the project has of it. */
const PARTS = ["core", "plugins", "tasks", "support", "configs"];
const FILES = ["deno.json", "deno.lock", "mod.ts", "cli.ts"];

/** Commands that are run elsewhere, and where. */
const ELSEWHERE: readonly (readonly [command: RegExp, where: string])[] = [
  [/^deno run cli\.ts --help$/, "tests/cli_test.ts"],
  [/^(npx --yes deno@2\.9\.6|deno) task test$/, ".ci/run"],
  [/^(npx --yes deno@2\.9\.6|deno) task demo\b/, "tests/tasks/tasks_test.ts"],
  [/^deno task pipeline /, "tests/core/pipeline/run_pipeline_test.ts"],
  [/^deno task docs$/, "tests/tools/write_documentation_test.ts"],
  [/^deno task weights pull /, "tests/tasks/weights_test.ts"],
  [/^deno task variations-import /, "tests/tasks/variations_import_test.ts"],
  [/^deno task bench /, "tests/bench/bench_test.ts"],
  [/^deno task studio\b/, "tests/tasks/studio_test.ts"],
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

/** Runs whose networks pages export under the names of other programs, which have them for ResNets. */
const OF_RESNET = ["runs/photos", "runs/byol"];

/** Small heads of the methods that pages train. */
const SMALL_HEADS: Readonly<Record<string, string>> = {
  simsiam: '{"projectorWidth":32,"predictorWidth":16}',
  byol: '{"hiddenWidth":32,"width":16}',
  "moco-v3": '{"hiddenWidth":32,"width":16}',
};

/** Options of a training that win over those of the page. */
const SHORTER = [
  ...["--epochs", "1", "--preset", "cifar", "--stem", "imagenet", "--batch-size", "4"],
  ...["--data", "photos", "--evaluation-data", "", "--quality-image-size", "64"],
];

/** The value of an option of a command, or what it is without. */
function valueOf(args: readonly string[], option: string, otherwise: string): string {
  return args.includes(option) ? args[args.indexOf(option) + 1]! : otherwise;
}

/** Options that make a training short and its network small. */
function shorterTraining(args: readonly string[]): string[] {
  const isSmall = !OF_RESNET.includes(valueOf(args, "--output", ""));
  const heads = SMALL_HEADS[valueOf(args, "--method", "simsiam")];
  return [
    ...SHORTER,
    ...(isSmall ? ["--backbone", "clip_vit_tiny_patch8_64"] : []),
    ...(heads === undefined ? [] : ["--options", heads]),
  ];
}

/** Options that make an evaluation short: those that its protocols take. */
function shorterEvaluation(args: readonly string[]): string[] {
  const protocols = args[args.indexOf("--protocol") + 1]!;
  const trains = args.includes("--protocol") && /linear|semi|finetune/.test(protocols);
  const parts = args.includes("--device-batch-size");
  return [
    ...(trains ? ["--epochs", "1"] : ["--k", "1,2"]),
    ...(parts ? ["--batch-size", "4", "--device-batch-size", "2"] : []),
  ];
}

/** Tasks of which options of the page are changed. */
const SHORTENED: Readonly<Record<string, (args: readonly string[]) => string[]>> = {
  evaluate: shorterEvaluation,
  train: shorterTraining,
};

/** The arguments of Deno for a command of a page. */
function argumentsOf(command: string): string[] {
  const small = STAND_INS.reduce((text, [from, to]) => text.replaceAll(from, to), command);
  const [deno, task, name, ...args] = wordsOf(small) as [string, string, string, ...string[]];
  assertEquals([deno, task], ["deno", "task"], `not a task: ${command}`);
  const asItIs = ["--resume", "--dry-run", "--list-configs", "--help", "--table"]
    .some((option) => args.includes(option));
  const shorten = SHORTENED[name];
  const last = asItIs || shorten === undefined ? [] : shorten(args);
  return ["task", "--quiet", name, ...lastOfEach([...(SHORT[name] ?? []), ...args, ...last])];
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Runs a program to its end, which must be a good one. */
async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assertEquals(code, 0, `${args.join(" ")}\n${said}`);
}

/** Whether the interpreter has all modules that a program imports. */
async function pythonRuns(program: string): Promise<boolean> {
  const imports = program.split("\n").filter((line) => /^(import|from) /.test(line)).join("\n");
  try {
    return (await new Deno.Command(PYTHON, { args: ["-c", imports] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const blocks = await readBlocks();

async function runCommands(
  block: Block,
  folder: string,
  context: Deno.TestContext,
  ran: Set<string>,
) {
  for (const command of commandsOf(block)) {
    const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(command))?.[1];
    const why = block.info !== "" ? block.info : elsewhere ? `run by ${elsewhere}` : "run above";
    const ignore = block.info !== "" || elsewhere !== undefined || ran.has(command);
    await context.step({
      name: ignore ? `${command} (${why})` : command,
      ignore,
      fn: () => run(Deno.execPath(), argumentsOf(command), folder),
    });
    if (!ignore) ran.add(command);
  }
}

Deno.test("the commands of all pages run, in their order", async (context) => {
  await withFolder(async (path) => {
    for (const part of PARTS) await copyFolder(join(ROOT, part), path(part));
    for (const file of FILES) await Deno.copyFile(join(ROOT, file), path(file));
    await drawPictures(path("photos"));
    await writePipeline(path("unclip"), await readPipelineGolden());
    const ran = new Set<string>();
    for (const block of blocks) {
      const place = `${block.page}:${block.line}`;
      if (block.language === "sh") {
        await context.step(place, (inner) => runCommands(block, path("."), inner, ran));
      } else if (block.language === "python") {
        const runs = await pythonRuns(block.text);
        await context.step({
          name: runs ? `${place} in Python` : `${place} (${PYTHON} has not all that it imports)`,
          ignore: !runs,
          fn: () => run(PYTHON, ["-c", block.text], path(".")),
        });
      }
    }
    assert(ran.size > 20, "pages have their commands in blocks of sh");
    for (const made of ["backbone.onnx", "variations.png", "ratios/noise_levels.png"]) {
      assert((await Deno.stat(path(made))).size > 0, made);
    }
  });
});
