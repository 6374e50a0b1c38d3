/**
 * `deno task variations-grid`: images and their variations at each noise level, as one picture.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { GenviewError } from "../core/errors/mod.ts";
import { makeVariationGrid } from "../core/variations/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { refuseRanks } from "./cli/ranks.ts";
import { VariationsDisplay } from "./cli/variations_display.ts";
import { compatibleGeneration, UNCLIP_OPTIONS } from "./cli/unclip_options.ts";

const COMMAND = command({
  name: "variations-grid",
  summary:
    "Draws images and their variations at each noise level in one picture: variations that folders have, or, with " +
    "--model, such as are generated for it, from the noise that they would have in variations.",
  positional: "[FOLDER ...]",
  examples: [
    {
      command:
        "deno task variations-grid --model stable-unclip-2-1 --input-list photos.txt --count 4 " +
        "--ratios ratios/fg_ratios.txt --output grid.png",
      does:
        "generates all levels for the list's first four images, and marks each image's own level",
    },
    {
      command:
        "deno task variations-grid --input-prefix data/train --output grid.png data/train_variations",
      does: "from what variations has made, each image at its level",
    },
    {
      command:
        "deno task variations-grid --input-prefix photos --output grid.png level_0 level_200 level_400",
      does: "from folders of several runs, one for each level",
    },
  ],
  options: {
    type: "object",
    required: ["output"],
    properties: {
      output: { group: "Picture", type: "string", description: "the picture, a PNG file" },
      inputList: {
        group: "Images",
        type: "string",
        default: "",
        description: "with --model: lines of paths",
      },
      inputPrefix: {
        group: "Images",
        type: "string",
        default: "",
        description:
          "folder of the images, whose tree the variations mirror; the working folder when empty",
      },
      relativeTo: {
        group: "Images",
        type: "string",
        default: "",
        description: "folder whose tree the variations mirror; --input-prefix when empty",
      },
      ratios: {
        group: "Picture",
        type: "string",
        default: "",
        description: "fg_ratios.txt, to write each image's foreground ratio below it",
      },
      levels: {
        group: "Picture",
        type: "array",
        items: { type: "integer", minimum: 0, maximum: 999 },
        minItems: 1,
        default: [0, 100, 200, 300, 400],
        description: "noise levels of the columns",
      },
      count: {
        group: "Picture",
        type: "integer",
        minimum: 1,
        default: 8,
        description: "images, at most",
      },
      cell: {
        group: "Picture",
        type: "integer",
        minimum: 32,
        default: 160,
        description: "height and width of an image in the picture",
      },
      seed: {
        group: "Generation",
        type: "integer",
        minimum: 0,
        default: 0,
        description: "seed of all noise",
      },
      ...UNCLIP_OPTIONS,
      model: {
        group: "Generation",
        type: "string",
        default: "",
        description: "generate by it: a folder in diffusers' layout, or a name such as " +
          "stable-unclip-2-1",
      },
      overwrite: {
        group: "Picture",
        type: "boolean",
        default: false,
        description: "replace the picture",
      },
    },
  },
});

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  refuseRanks("variations-grid");
  const { values, positional: folders } = parsed;
  using interrupt = interruptSignal();
  using display = new VariationsDisplay();
  const { signal } = interrupt;
  try {
    const { path, images, levels, failed } = await makeVariationGrid(
      { ...values, folders, ...compatibleGeneration(values) },
      { signal, report: display.show },
    );
    console.log(`${counted(images, "image")} at levels ${levels.join(", ")}: ${path}`);
    if (failed > 0) {
      throw new GenviewError(
        `Cannot generate ${failed} variations, whose cells are empty: the lines above name them and why`,
      );
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    console.log(`stopped; nothing is written to ${values.output}`);
  }
}

if (import.meta.main) await runTask(main);
