/**
 * `deno task test [PATH ...]`: the tests and the examples of the documents, in several processes at once. What
 * `deno test --parallel` runs at once shares a process, hence its environment, memory, and native libraries, which tests
 * change and measure; here only files of one part do, one after the other. What a part prints is printed when it is done.
 *
 * @module
 */
import { join, relative, resolve } from "node:path";
import { command, parse, runTask } from "../tasks/cli/command_line.ts";
import { type TestPart, testParts } from "./test_parts.ts";

const COMMAND = command({
  name: "test",
  summary:
    "Checks the project, then runs its tests and the examples of its documents, in several processes at once; all of " +
    "them, or those in the folders and files that are named.",
  positional: "[PATH ...]",
  examples: [
    { command: "deno task test", does: "all of CI" },
    { command: "deno task test core/files tests/core/files", does: "what is about files" },
  ],
  options: {
    type: "object",
    properties: {
      jobs: {
        type: "integer",
        minimum: 1,
        description: "processes at once (default: one for each core, 4 at most)",
      },
    },
  },
});

const ROOT = resolve(import.meta.dirname!, "..");

/** What tests may do. Types have been checked before, those of examples as well. */
const FLAGS = [
  ...["--doc", "--no-check", "--permit-no-files", "--allow-read", "--allow-write", "--allow-ffi"],
  ...["--allow-env", "--allow-sys", "--allow-run", "--allow-import", "--allow-net=127.0.0.1"],
];

/** ONNX Runtime's threads sleep while they wait: another part has work for the cores on which they would spin. */
const ENVIRONMENT = { GENVIEW_WAIT_POLICY: "passive" };

/** Files of tests in a part: few, so that the last ones do not run alone for long, yet a process takes a second to start. */
const LARGEST_PART = 16;

/** Folders of the tests that take longest, which begin. */
const FIRST = [
  ...["tests", "tests/tasks", "tests/core/train/step", "tests/core/train", "tests/core/train/run"],
  "tests/core",
];

/** Parts in the order in which they are run: the examples, which take least, come last. */
function inOrder(parts: readonly TestPart[]): TestPart[] {
  const turnOf = ({ path }: TestPart): number => {
    const folder = relative(ROOT, path);
    if (FIRST.includes(folder)) return 0;
    return folder.startsWith("tests") ? 1 : 2;
  };
  return [...parts].sort((a, b) => turnOf(a) - turnOf(b));
}

/** Runs a part in a process, prints what it printed, and says whether all went well. */
async function runPart({ path, others }: TestPart): Promise<boolean> {
  const ignored = others.map((name) => join(path, name)).join(",");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", ...FLAGS, ...(ignored === "" ? [] : [`--ignore=${ignored}`]), path],
    cwd: ROOT,
    env: ENVIRONMENT,
  }).output();
  await Deno.stderr.write(stderr);
  await Deno.stdout.write(stdout);
  return success;
}

/** Runs the parts, some at a time; the folders of those that failed. */
async function runParts(parts: readonly TestPart[], jobs: number): Promise<string[]> {
  const failed: string[] = [];
  const waiting = parts.values();
  const work = async () => {
    for (const part of waiting) {
      if (!await runPart(part)) failed.push(relative(ROOT, part.path) || ".");
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return failed;
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { given: { jobs = Math.min(4, navigator.hardwareConcurrency) }, positional } = parsed;
  const paths = positional.length === 0 ? [ROOT] : positional.map((path) => resolve(path));
  const parts: TestPart[] = [];
  for (const path of paths) parts.push(...await testParts(path, LARGEST_PART));
  const failed = await runParts(inOrder(parts), jobs);
  if (failed.length === 0) return;
  console.error(`tests failed in ${[...new Set(failed)].join(", ")}`);
  Deno.exit(1);
}

if (import.meta.main) await runTask(main);
