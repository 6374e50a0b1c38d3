/**
 * Generators by name, and how they generate where nobody says.
 *
 * @module
 */
import type { Device } from "../engine/ort/mod.ts";
import { findUnclip, type FindUnclipOptions, type UnclipModel } from "./find_unclip.ts";
import type { SchedulerName } from "./schedulers/mod.ts";
import { isSmallGenerator } from "./small_generator.ts";

/** By what a generator goes from noise to an image. */
export interface Sampling {
  /** The scheduler; `model` is the one that the model names. */
  readonly scheduler: "model" | SchedulerName;
  /** Steps of the scheduler. */
  readonly numInferenceSteps: number;
  /** Classifier-free guidance scale. */
  readonly scale: number;
}

/** What of a sampling is asked for. */
export type AskedSampling = { readonly [Name in keyof Sampling]?: Sampling[Name] | undefined };

/** GenView's, for Stable unCLIP 2.1. */
const PUBLISHED: Sampling = { scheduler: "model", numInferenceSteps: 20, scale: 10 };

/** What the embedded generator, and small ones like it, show their best by. */
export const SMALL_SAMPLING: Sampling = {
  scheduler: "dpm-solver++",
  numInferenceSteps: 12,
  scale: 3,
};

function filledUp(asked: AskedSampling, defaults: Sampling): Sampling {
  return {
    scheduler: asked.scheduler ?? defaults.scheduler,
    numInferenceSteps: asked.numInferenceSteps ?? defaults.numInferenceSteps,
    scale: asked.scale ?? defaults.scale,
  };
}

/**
 * The sampling of GenView's program where nothing else is asked for, whatever the generator: 20 steps of the model's own
 * scheduler with a guidance scale of 10.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asPublished } from "./find_generator.ts";
 *
 * const found = { scheduler: "model", numInferenceSteps: 20, scale: 4 } as const;
 * assertEquals(asPublished({ scale: 4 }), found);
 * ```
 */
export function asPublished(asked: AskedSampling): Sampling {
  return filledUp(asked, PUBLISHED);
}

/** How a generator is found, and what is asked of its sampling. */
export interface FindGeneratorOptions extends AskedSampling {
  /** Where it runs. */
  readonly device: Device;
  /** Type that is computed in (default `auto`). */
  readonly precision?: FindUnclipOptions["precision"] | undefined;
  /** Folder of the hub's cache, in which names are looked up (default the one that the environment names). */
  readonly cache?: string;
}

/** A generator that has been found, and its sampling. */
export interface FoundGenerator extends Sampling {
  /** The generator, its scheduler settled. */
  readonly model: UnclipModel;
}

/**
 * Finds a generator as {@linkcode findUnclip} does. Where scheduler, steps or scale are not asked for, a small one, whose UNet has at
 * most 64 MiB, has DPM-Solver++, 12 steps and a guidance scale of 3; another has those of {@linkcode asPublished}.
 *
 * @throws what `findUnclip` throws
 */
export async function findGenerator(
  name: string,
  { device, precision = "auto", cache, ...asked }: FindGeneratorOptions,
): Promise<FoundGenerator> {
  const published = asPublished(asked);
  const computed = { device, precision, ...(cache !== undefined && { cache }) };
  const model = await findUnclip(name, { ...computed, scheduler: published.scheduler });
  if (!await isSmallGenerator(model)) return { model, ...published };
  const sampling = filledUp(asked, SMALL_SAMPLING);
  const { scheduler } = sampling;
  if (scheduler === "model" || scheduler === model.scheduler) return { model, ...sampling };
  return { model: await findUnclip(model.folder, { ...computed, scheduler }), ...sampling };
}
