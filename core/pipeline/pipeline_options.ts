/**
 * What the pipeline is run on, and how.
 *
 * @module
 */
import type { PartialConfiguration } from "../method/resolve_configuration.ts";
import type { NoiseSchedule } from "../noise/mod.ts";
import type { KnownNames } from "../train/mod.ts";
import type { SchedulerName } from "../unclip/mod.ts";
import type { Catalog } from "../weights/mod.ts";
import type { StageChoice } from "./choose_stages.ts";
import type { PipelineEvent } from "./pipeline_event.ts";

/** What the pipeline is run on, and how; what is left out has its default. */
export interface PipelineOptions extends StageChoice {
  /** A folder of images, a list of them, or shards, by a name as `openData` takes it. */
  readonly data: string;
  /** Folder of all that the stages leave, each in a folder of its own. */
  readonly output: string;
  /**
   * Whether the networks are those that GenView takes: CLIP ViT-H-14 for masks, CLIP ConvNeXt-B for the weights of pairs,
   * and Stable unCLIP 2.1, which are pulled from the hub where they are not there (default false: the embedded ones).
   */
  readonly published?: boolean | undefined;
  /** The network that finds the foreground, as `openTokenNetwork` takes it (default `embedded`). */
  readonly model?: string | undefined;
  /** Height and width of that network's images, in pixels (default 0, its own). */
  readonly tokenImageSize?: number | undefined;
  /** The generator: a folder in diffusers' layout, or a name (default `embedded`). */
  readonly generator?: string | undefined;
  /** Images that component and threshold are found by (default 10,000, or all). */
  readonly numExtract?: number | undefined;
  /** Share of all tokens that the threshold leaves as foreground, in (0, 1) (default 0.4). */
  readonly foregroundShare?: number | undefined;
  /** Whether the component is negated after it was oriented (default false). */
  readonly flip?: boolean | undefined;
  /** Which ratios get which noise level (default GenView's). */
  readonly schedule?: NoiseSchedule | undefined;
  /**
   * Images that get variations, drawn at random from all by `seed`; more of them include fewer, so that what is there is
   * kept (default 0, all). The others give both views of a pair.
   */
  readonly variedImages?: number | undefined;
  /** Variations of each image (default 1). */
  readonly numImagesPerPrompt?: number | undefined;
  /** Variations that are denoised together at most (default as `makeVariations` has it). */
  readonly generationBatchSize?: number | undefined;
  /** Steps of the generator's scheduler (default 12 of a small generator; 20 of others, and with `published`). */
  readonly numInferenceSteps?: number | undefined;
  /** Classifier-free guidance scale, from 1 (default 3 of a small generator; 10 of others, and with `published`). */
  readonly scale?: number | undefined;
  /** The scheduler (default `dpm-solver++` of a small generator; the model's own of others, and with `published`). */
  readonly scheduler?: "model" | SchedulerName | undefined;
  /** Height and width of variations in pixels; 0 keeps the generator's own (default 0, with `published` 512). */
  readonly size?: number | undefined;
  /** Method of pretraining, by name or path (default `simsiam`). */
  readonly method?: string | undefined;
  /** The method's preset (default `cifar`, with `published` its first; none where `config` names the method). */
  readonly preset?: string | undefined;
  /** File of a configuration, or the name of a bundled one, which wins over the preset. */
  readonly config?: string | undefined;
  /**
   * Options of pretraining that win over preset and file. `qualityEncoder` is the network that weighs pairs (default the
   * one of the masks, with `published` CLIP ConvNeXt-B; empty for none); its component is found with the features.
   */
  readonly configuration?: PartialConfiguration | undefined;
  /** Seed of all randomness (default 0). */
  readonly seed?: number | undefined;
  /** `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu` (default `auto`). */
  readonly device?: string | undefined;
  /** Options of the device's execution provider, each as `NAME=VALUE` (default none). */
  readonly providerOption?: readonly string[] | undefined;
  /** Threads on the CPU; all cores when 0 (default). */
  readonly threads?: number | undefined;
  /** Whether the time of the run is estimated first, by a few images of each stage (default true). */
  readonly estimate?: boolean | undefined;
}

/** What is asked before it is done: downloads, or the run itself once its length is known. */
export type PipelineQuestion = "download" | "run";

/** How published weights are pulled. */
export interface PipelineHub {
  /** The catalogue, from `readCatalog` (default the project's). */
  readonly catalog?: Catalog;
  /** Address of the hub or of a mirror (default the catalogue's). */
  readonly endpoint?: string;
  /** Token that the hub is asked with (default none). */
  readonly token?: string;
}

/** The surroundings of a run of the pipeline. */
export interface PipelineControl extends KnownNames {
  /** How published weights are pulled. */
  readonly hub?: PipelineHub | undefined;
  /** Ends the stage that is under way, which saves its state; the same call resumes there. */
  readonly signal?: AbortSignal;
  /** Takes what happens, event by event. */
  readonly report?: ((event: PipelineEvent) => void) | undefined;
  /**
   * Asked before files are downloaded, and before the run when its time has been estimated, both of which have been
   * reported; false ends the run, with nothing written. All is agreed to when left out.
   */
  readonly confirm?: ((question: PipelineQuestion) => boolean | Promise<boolean>) | undefined;
}
