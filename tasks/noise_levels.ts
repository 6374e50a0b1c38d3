/**
 * `deno task noise-levels`: how much noise the variation of each image gets.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { divideByLevel, formatMalformed, GENVIEW_NOISE_SCHEDULE } from "../core/noise/mod.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";
import { refuseRanks } from "./cli/ranks.ts";

const COMMAND = command({
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
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  refuseRanks("noise-levels");
  const { ranges: edges, levels, ...values } = parsed.values;
  const { lists, images, malformed } = await divideByLevel({
    ...values,
    schedule: { edges, levels },
  });
  if (malformed.length > 0) {
    const skipped = `${malformed.length} malformed lines are skipped`;
    console.error(`warning: ${skipped}:${formatMalformed(malformed)}`);
  }
  for (const { level, images: count, path } of lists) {
    const share = (100 * count / images).toFixed(1);
    console.log(`level ${level}: ${count} of ${counted(images, "image")} (${share} %): ${path}`);
  }
}

if (import.meta.main) await runTask(main);
