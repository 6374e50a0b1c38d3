/**
 * `deno task variations-list`: a list of the variations that there are, for training programs that want one.
 *
 * @module
 */
import { listVariations } from "../core/variations/list_variations.ts";
import { command, parse, runTask } from "./cli/command_line.ts";

const COMMAND = command({
  name: "variations-list",
  summary:
    "Lists the images below a folder of variations, a path in each line, in order: GenView's " +
    "train_variations.txt. Lists are not needed to train here: --variations takes the folder itself.",
  examples: [
    {
      command: "deno task variations-list --input-dir data/train_variations",
      does: "writes data/train_variations/train_variations.txt, with paths relative to its folder",
    },
    {
      command: "deno task variations-list --input-dir data/train_variations --output train.txt " +
        "--relative-to data",
      does: "with paths that begin with train_variations/",
    },
  ],
  options: {
    type: "object",
    required: ["inputDir"],
    properties: {
      inputDir: { type: "string", description: "folder of the variations" },
      output: {
        type: "string",
        default: "",
        description: "the list; train_variations.txt in the folder when empty",
      },
      relativeTo: {
        type: "string",
        default: "",
        description: "folder that the paths are relative to; that of the list when empty, where " +
          "--variations looks for them",
      },
      overwrite: { type: "boolean", default: false, description: "replace the list" },
    },
  },
});

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { path, count, gone } = await listVariations(parsed.values);
  console.log(
    `${count} variations: ${path}` +
      (gone > 0 ? `; the manifests name ${gone} more, whose files no longer exist` : ""),
  );
}

if (import.meta.main) await runTask(main);
