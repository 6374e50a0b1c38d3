/**
 * The second stage: the share of foreground of each image.
 *
 * @module
 */
import { join } from "node:path";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { computeRatios } from "../../noise/mod.ts";
import type { PipelineContext } from "../pipeline_context.ts";
import { drawRatioExamples } from "../ratio_examples.ts";
import type { Stage } from "../stage.ts";
import { extractedCount, featureFolder, secondsOfImage } from "./features.ts";

/** Whether a path is there. */
export async function isAt(path: string): Promise<boolean> {
  return await explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path))) !== undefined;
}

/** The ratios of all images. */
export function ratioFile(context: PipelineContext): string {
  return join(context.folder("ratios"), "fg_ratios.txt");
}

/** The picture of some of them. */
function exampleFile(context: PipelineContext): string {
  return join(context.folder("ratios"), "examples.png");
}

/** Whether the features of all images are stored, so that no network needs to be run again. */
function isStored(context: PipelineContext): boolean {
  return extractedCount(context) === context.images.count;
}

/** Measures the foreground of each image, by stored features where there are those of all. */
export const ratios: Stage = {
  name: "ratios",
  needs: ["features"],
  settings: () => Promise.resolve({}),
  isThere: (context) => isAt(ratioFile(context)),
  async measure(context) {
    const { masks } = await context.networks();
    return {
      stage: "ratios",
      unit: "images",
      count: isStored(context) ? 0 : context.images.count,
      secondsEach: isStored(context) ? 0 : await secondsOfImage(masks, context),
    };
  },
  async run(context) {
    const { control, placement, images } = context;
    const { masks } = await context.networks();
    const { finished, computed, present, without } = await computeRatios({
      ...placement,
      images: images.dataset,
      inputDir: featureFolder(masks),
      outputDir: context.folder("ratios"),
      from: isStored(context) ? "features" : "images",
      network: masks.network,
    }, {
      signal: control.signal,
      report: (event) => control.report?.({ kind: "ratios", event }),
    });
    if (finished) {
      await drawRatioExamples(exampleFile(context), images.dataset, ratioFile(context));
    }
    return {
      finished,
      found: `ratios of ${computed + present} images${without > 0 ? `, ${without} have none` : ""}`,
    };
  },
};
