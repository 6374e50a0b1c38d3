/**
 * `deno task noise-levels`: how much noise the variation of each image gets.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewSyntaxError, GenviewTypeError } from "../core/errors/mod.ts";
import { join } from "node:path";
import {
  checkNoiseSchedule,
  GENVIEW_NOISE_SCHEDULE,
  type MalformedLine,
  noiseLevel,
  type NoiseSchedule,
  parseRatioLines,
  type RatioLine,
} from "../core/noise/mod.ts";
import { histogram, toPng } from "../core/plot/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";

const COMMAND: Command = {
  name: "noise-levels",
  summary:
    "Divides images by their foreground ratio into one list for each noise level: fg_ratios_0.txt, fg_ratios_100.txt " +
    "and so on, lines of path and level. A level without images has no file.",
  examples: [
    {
      command: "deno task noise-levels --input-file ratios/fg_ratios.txt --output-dir ratios",
      does: "up to 0.2 of foreground 0, up to 0.4 100, 0.6 200, 0.8 300, more 400",
    },
    {
      command:
        "deno task noise-levels --input-file ratios/fg_ratios.txt --output-dir coarse --ranges [0,0.5] --levels [0,300]",
      does: "up to half of foreground 0, more 300",
    },
  ],
  options: {
    type: "object",
    required: ["inputFile", "outputDir"],
    properties: {
      inputFile: { type: "string", description: "fg_ratios.txt of fg-ratio" },
      outputDir: { type: "string", description: "folder of the lists and of noise_levels.png" },
      ranges: {
        type: "array",
        items: { type: "number" },
        default: GENVIEW_NOISE_SCHEDULE.edges,
        description: "edges of the ranges; a ratio at an edge belongs to the range that ends there",
      },
      levels: {
        type: "array",
        items: { type: "integer" },
        default: GENVIEW_NOISE_SCHEDULE.levels,
        description: "noise level of the range that begins at each edge",
      },
      lenient: {
        type: "boolean",
        default: false,
        description: "skip and count lines that are malformed",
      },
      overwrite: {
        type: "boolean",
        default: false,
        description: "replace the lists of an earlier run",
      },
    },
  },
};

/** Refuses malformed lines, naming the first of them, or says how many are skipped. */
function checkLines(malformed: readonly MalformedLine[], path: string, lenient: boolean): void {
  if (malformed.length === 0) return;
  const shown = malformed.slice(0, 10).map(({ line, problem }) => `\n  line ${line}: ${problem}`);
  const more = malformed.length > 10 ? `\n  and ${malformed.length - 10} more` : "";
  if (!lenient) {
    throw new GenviewSyntaxError(
      `Cannot read ${path}: ${malformed.length} lines are malformed, which --lenient skips:${
        shown.join("")
      }${more}`,
    );
  }
  console.error(
    `warning: ${malformed.length} malformed lines are skipped:${shown.join("")}${more}`,
  );
}

/** Lines by level, each level of the schedule once. */
function divide(ratios: readonly RatioLine[], schedule: NoiseSchedule): Map<number, string[]> {
  const lists = new Map<number, string[]>(schedule.levels.map((level) => [level, []]));
  for (const { path, ratio } of ratios) {
    const level = noiseLevel(ratio, schedule);
    lists.get(level)!.push(`${path} ${level}\n`);
  }
  return lists;
}

async function checkFree(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (await ifThere(Deno.lstat(path)) === undefined) continue;
    throw new GenviewAlreadyExists(
      `Cannot write noise levels: ${path} exists; --overwrite replaces it`,
    );
  }
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const { inputFile, outputDir, ranges, levels, lenient, overwrite } = parsed.values as {
    inputFile: string;
    outputDir: string;
    ranges: number[];
    levels: number[];
    lenient: boolean;
    overwrite: boolean;
  };
  const schedule: NoiseSchedule = { edges: ranges, levels };
  checkNoiseSchedule(schedule);
  const { ratios, malformed } = parseRatioLines(await Deno.readTextFile(inputFile));
  checkLines(malformed, inputFile, lenient);
  if (ratios.length === 0) {
    throw new GenviewTypeError(
      `Cannot divide ${inputFile}: it must have lines of ratios, found none`,
    );
  }
  const lists = divide(ratios, schedule);
  const pathOf = (level: number) => join(outputDir, `fg_ratios_${level}.txt`);
  const figure = join(outputDir, "noise_levels.png");
  if (!overwrite) await checkFree([...[...lists.keys()].map(pathOf), figure]);
  const picture = await toPng(
    await histogram({
      samples: [{ name: "ratios", values: ratios.map(({ ratio }) => ratio) }],
      title: "Foreground ratios and noise levels",
      xLabel: "foreground ratio",
      yLabel: "images",
      bins: 50,
      range: [0, 1],
      marks: ranges.flatMap((value, i) =>
        value >= 0 && value < 1 ? [{ value, label: `above ${value}: ${levels[i]}` }] : []
      ),
    }),
  );
  await Deno.mkdir(outputDir, { recursive: true });
  for (const [level, lines] of lists) {
    // An earlier run may have had images of a level that has none now.
    if (lines.length === 0) await ifThere(Deno.remove(pathOf(level)));
    else {
      const bytes = new TextEncoder().encode(lines.join(""));
      await writeNewFile(pathOf(level), bytes, { overwrite });
    }
  }
  await writeNewFile(figure, picture, { overwrite });
  for (const [level, { length }] of lists) {
    const share = (100 * length / ratios.length).toFixed(1);
    if (length > 0) console.log(`level ${level}: ${length} images, ${share} %: ${pathOf(level)}`);
  }
}

if (import.meta.main) await runTask(main);
