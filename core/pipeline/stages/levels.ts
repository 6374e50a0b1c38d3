/**
 * The third stage: the noise level of each image.
 *
 * @module
 */
import { join } from "node:path";
import { divideByLevel, GENVIEW_NOISE_SCHEDULE } from "../../noise/mod.ts";
import type { PipelineContext } from "../pipeline_context.ts";
import type { Stage } from "../stage.ts";
import { isAt, ratioFile } from "./ratios.ts";

/** The figure that is drawn when all lists are written. */
export function levelFigure(context: PipelineContext): string {
  return join(context.folder("levels"), "noise_levels.png");
}

/** Writes a list of images for each noise level. */
export const levels: Stage = {
  name: "levels",
  needs: ["ratios"],
  settings: ({ options: { schedule = GENVIEW_NOISE_SCHEDULE } }) =>
    Promise.resolve({ ranges: schedule.edges, levels: schedule.levels }),
  isThere: (context) => isAt(levelFigure(context)),
  async run(context) {
    const { lists } = await divideByLevel({
      inputFile: ratioFile(context),
      outputDir: context.folder("levels"),
      schedule: context.options.schedule,
    });
    const found = lists.map(({ level, images }) => `${images} at ${level}`);
    return { finished: true, found: `images by noise level: ${found.join(", ")}` };
  },
};
