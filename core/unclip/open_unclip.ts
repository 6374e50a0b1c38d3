/**
 * Stable unCLIP by name.
 *
 * @module
 */
import { CPU } from "../engine/ort/mod.ts";
import { findGenerator } from "./find_generator.ts";
import type { FindUnclipOptions, UnclipModel } from "./find_unclip.ts";
import { UnclipPipeline } from "./pipeline.ts";
import type { UnclipOptions } from "./pipeline_parts.ts";

/** How a model is opened; where scheduler, steps or guidance scale are left out, they are those of {@linkcode findGenerator}. */
export interface OpenUnclipOptions
  extends
    FindUnclipOptions,
    Omit<UnclipOptions, "device" | "precision" | "scheduler" | "batchSize"> {
  /** Images that are denoised together (default 1). */
  readonly batchSize?: number;
}

/** What is opened, and the steps and guidance scale by which it generates. */
async function settled(model: string | UnclipModel, options: OpenUnclipOptions) {
  const { steps, guidanceScale } = options;
  if (typeof model !== "string") return { model, steps, guidanceScale };
  const { device = CPU, precision, scheduler, cache } = options;
  const found = await findGenerator(model, {
    ...{ device, precision, scheduler, numInferenceSteps: steps, scale: guidanceScale },
    ...(cache !== undefined && { cache }),
  });
  return { model: found.model, steps: found.numInferenceSteps, guidanceScale: found.scale };
}

/**
 * Opens a Stable unCLIP by name.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPipelineGolden, withPipelineFolder } from "../../tests/core/unclip/pipeline_golden.ts";
 * import { openUnclip } from "./open_unclip.ts";
 *
 * // A folder with a small model; `openUnclip("stable-unclip-2-1")` opens the published one once it has been pulled.
 * await withPipelineFolder(await readPipelineGolden(), async (folder) => {
 *   using pipeline = await openUnclip(folder, { steps: 10, scheduler: "ddim", threads: 1 });
 *   assertEquals([pipeline.imageSize, pipeline.calls], [56, 10]);
 *   using usual = await openUnclip(folder, { threads: 1 });
 *   assertEquals([usual.calls, usual.guidanceScale], [12, 3]);
 * });
 * ```
 *
 * @param model a folder in diffusers' layout, a name of the catalogue, or what `findUnclip` has found, which generates by the
 * scheduler it was found with, in 20 steps with a scale of 10 where these are left out
 * @throws {TypeError} if it is neither a folder nor in the cache, or asks for what is not supported
 * @throws {RangeError} if an option is out of range
 */
export async function openUnclip(
  model: string | UnclipModel,
  options: OpenUnclipOptions = {},
): Promise<UnclipPipeline> {
  const { batchSize = 1, cache: _, ...given } = options;
  const { model: { folder, ...computed }, steps, guidanceScale } = await settled(model, options);
  const { scheduler, precision, device } = computed;
  return await UnclipPipeline.create(folder, {
    ...{ ...given, batchSize, scheduler, precision, device },
    ...(steps !== undefined && { steps }),
    ...(guidanceScale !== undefined && { guidanceScale }),
  });
}
