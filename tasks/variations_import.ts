/**
 * `deno task variations-import`: variations that others have made and published as a tar in parts.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { GenviewAlreadyExists, GenviewError, GenviewTypeError } from "../core/errors/mod.ts";
import {
  extractTar,
  findTarParts,
  indexTar,
  type TarPart,
  type TarProgress,
} from "../core/data/mod.ts";
import { totalSize } from "../core/data/tar/mod.ts";
import { ProgressLine, progressOutput } from "./cli/progress_line.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { formatBytes } from "./cli/download_display.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";

const COMMAND = command({
  name: "variations-import",
  summary:
    "Takes variations out of a tar, also out of the parts that split has cut one into, such as " +
    "GenView's train_variations.tar.*; they are read as one, without a joined copy. Or writes an index, by which " +
    "training reads them in place. The same command resumes an extraction that was stopped.",
  positional: "[PART ...]",
  examples: [
    {
      command: "deno task variations-import --parts downloads --output-dir data/train_variations",
      does: "all parts in the folder downloads",
    },
    {
      command: "deno task variations-import --parts 'downloads/train_variations.tar.*' " +
        "--index downloads/train_variations.jsonl",
      does: "no second copy: train --variations downloads/train_variations.jsonl reads the parts",
    },
    {
      command: "deno task variations-import --output-dir data/train_variations " +
        "disk1/train_variations.tar.aa disk2/train_variations.tar.ab",
      does: "parts one by one, in whichever order",
    },
  ],
  options: {
    type: "object",
    properties: {
      parts: {
        type: "string",
        default: "",
        description: "folder of the parts, pattern with * or ? in the file name, or file",
      },
      outputDir: { type: "string", default: "", description: "folder that the files go to" },
      index: {
        type: "string",
        default: "",
        description: "index to write instead, JSON lines; keep it where the parts are",
      },
      overwrite: {
        type: "boolean",
        default: false,
        description: "replace the index, or files of another size than the tar's",
      },
    },
  },
});

const MEGABYTE = 1e6;

/** What a person sees while a tar is read; ends with `using`. */
interface TarDisplay extends Disposable {
  readonly update: (progress: TarProgress) => void;
  /** Prints a line above the progress. */
  readonly note: (text: string) => void;
  /** Shows that all has been read. */
  readonly finish: () => void;
}

/** Shows how far a tar has been read, in steps of a megabyte. */
function tarDisplay(parts: readonly TarPart[]): TarDisplay {
  const size = totalSize(parts);
  const total = Math.floor(size / MEGABYTE) + 1;
  const line = new ProgressLine({
    total,
    ...progressOutput(),
  });
  const began = performance.now();
  let shown = -1;
  let latest: TarProgress = { bytes: 0, files: 0 };
  const show = (step: number) => {
    const { bytes, files } = latest;
    const speed = Math.round(1000 * files / (performance.now() - began));
    const read = `${formatBytes(bytes)} of ${formatBytes(size)}`;
    line.update(step, { read, images: files, "img/s": speed });
  };
  return {
    update(progress) {
      latest = progress;
      const step = Math.floor(progress.bytes / MEGABYTE);
      // An update without a step would leave its time out of the speed.
      if (step > shown) show(shown = step);
    },
    note: (text) => line.note(text),
    finish: () => show(total),
    [Symbol.dispose]: () => line[Symbol.dispose](),
  };
}

/** What one run does. */
interface Import {
  readonly parts: readonly TarPart[];
  /** The folder, or the index. */
  readonly output: string;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

/** Adds to an error what the option is called. */
function overwriteHint(error: unknown): unknown {
  if (!(error instanceof Deno.errors.AlreadyExists)) return error;
  return new GenviewAlreadyExists(error.message.replace("set overwrite", "set --overwrite"));
}

async function extractTo({ parts, output, overwrite, signal }: Import): Promise<string> {
  using display = tarDisplay(parts);
  const { written, kept, skipped, stopped } = await extractTar(parts, output, {
    overwrite,
    signal,
    onProgress: display.update,
    onSkipped: display.note,
  });
  if (!stopped) display.finish();
  const unfit = skipped > 0
    ? `, ${skipped} skipped, whose names the file system does not take`
    : "";
  const done = `${counted(written, "file")} written, ${
    counted(kept, "was", "were")
  } there already${unfit}: ${output}`;
  if (skipped > 0) throw new GenviewError(`Cannot extract all files: ${done}`);
  if (stopped) return `stopped; run the same command to resume: ${done}`;
  if (written + kept > 0) return done;
  throw new GenviewTypeError(
    `Cannot extract ${parts[0]!.path}: the tar must hold files, found none`,
  );
}

async function indexTo({ parts, output, overwrite, signal }: Import): Promise<string> {
  using display = tarDisplay(parts);
  try {
    const images = await indexTar(parts, output, {
      overwrite,
      signal,
      onProgress: display.update,
    });
    display.finish();
    return `${counted(images, "image")} in ${counted(parts.length, "part")}: ${output}`;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return "stopped; no index has been written";
    throw error;
  }
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { parts: place, outputDir, index, overwrite } = parsed.values;
  if ((outputDir === "") === (index === "")) {
    throw new GenviewTypeError(
      `Cannot import variations: one of --output-dir and --index must be given, found ` +
        (index === "" ? "neither" : "both"),
    );
  }
  const places = [place, ...parsed.positional].filter((each) => each !== "");
  if (places.length === 0) {
    throw new GenviewTypeError(
      "Cannot import variations: the parts of a tar must be named by --parts or behind the " +
        "options, found none",
    );
  }
  const parts = await findTarParts(places);
  using interrupt = interruptSignal();
  const run = { parts, output: outputDir || index, overwrite, signal: interrupt.signal };
  try {
    console.log(await (index === "" ? extractTo(run) : indexTo(run)));
  } catch (error) {
    throw overwriteHint(error);
  }
}

if (import.meta.main) await runTask(main);
