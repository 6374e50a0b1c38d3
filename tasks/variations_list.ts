/**
 * `deno task variations-list`: a list of the variations that there are, for training programs that want one.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewTypeError } from "../core/errors/mod.ts";
import { dirname, join, relative, resolve } from "node:path";
import { openVariationFolder } from "../core/data/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { readManifests } from "./variations_manifest.ts";

const COMMAND: Command = {
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
};

/** How many variations the manifests of a folder have of which the files are gone. */
async function countGone(folder: string, there: ReadonlySet<string>): Promise<number> {
  let gone = 0;
  for await (const { path } of readManifests(folder)) if (!there.has(path)) gone++;
  return gone;
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const { inputDir, output, relativeTo, overwrite } = parsed.values as {
    inputDir: string;
    output: string;
    relativeTo: string;
    overwrite: boolean;
  };
  const list = output || join(inputDir, "train_variations.txt");
  if (!overwrite && await ifThere(Deno.lstat(list)) !== undefined) {
    throw new GenviewAlreadyExists(
      `Cannot write ${list}: the name must be free, found a file; --overwrite replaces it`,
    );
  }
  const { paths } = await openVariationFolder(inputDir);
  if (paths.length === 0) {
    throw new GenviewTypeError(`Cannot list variations: ${inputDir} must hold images, found none`);
  }
  const root = resolve(relativeTo || dirname(list));
  const lines = paths.map((path) =>
    relative(root, resolve(inputDir, path)).replaceAll("\\", "/") + "\n"
  );
  const bytes = new TextEncoder().encode(lines.join(""));
  await writeNewFile(list, bytes, { overwrite });
  const gone = await countGone(inputDir, new Set(paths));
  console.log(
    `${paths.length} variations: ${list}` +
      (gone > 0 ? `; the manifests name ${gone} more, whose files are gone` : ""),
  );
}

if (import.meta.main) await runTask(main);
