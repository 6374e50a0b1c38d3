/**
 * How variations are generated.
 *
 * @module
 */
import type { SchedulerName } from "../unclip/mod.ts";

/**
 * How Stable unCLIP generates variations; what is left out has its default. That of steps, scale and scheduler is another
 * for small generators, whose UNet has at most 64 MiB.
 */
export interface GenerationOptions {
  /** A folder in diffusers' layout, or a name of the catalogue. */
  readonly model?: string | undefined;
  /** Seed of all noise (default 0). */
  readonly seed?: number | undefined;
  /** Steps of the scheduler (default 20, of a small generator 12). */
  readonly numInferenceSteps?: number | undefined;
  /** Classifier-free guidance scale, from 1, which is no guidance (default 10, of a small generator 3). */
  readonly scale?: number | undefined;
  /** The prompt (default empty). */
  readonly prompt?: string | undefined;
  /** The negative prompt (default empty). */
  readonly negativePrompt?: string | undefined;
  /** The scheduler (default `model`, the one that the model names; of a small generator `dpm-solver++`). */
  readonly scheduler?: "model" | SchedulerName | undefined;
  /** Type that is computed in (default `auto`, float16 on CUDA and float32 elsewhere). */
  readonly precision?: "auto" | "float32" | "float16" | undefined;
  /** `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu` (default `auto`). */
  readonly device?: string | undefined;
  /** Options of its execution provider, each as `NAME=VALUE` (default none). */
  readonly providerOption?: readonly string[] | undefined;
  /** Threads on the CPU; all cores when 0 (default). */
  readonly threads?: number | undefined;
}
