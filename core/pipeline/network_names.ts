/**
 * Which networks the pipeline takes, and which sets of weights they come from.
 *
 * @module
 */
import type { Configuration } from "../method/configuration.ts";
import type { StageName } from "./choose_stages.ts";
import type { PipelineOptions } from "./pipeline_options.ts";

/** The networks of the pipeline by name. */
export interface NetworkNames {
  /** Finds the foreground. */
  readonly model: string;
  /** Height and width of its images; 0 for its own. */
  readonly tokenImageSize: number;
  /** Weighs pairs; none if empty. */
  readonly quality: string;
  /** Height and width of its images; 0 for its own. */
  readonly qualityImageSize: number;
  /** Generates variations. */
  readonly generator: string;
}

/** The networks of GenView, each with the set of the catalogue that its weights are in. */
const PUBLISHED = {
  model: { name: "ViT-H-14", set: "clip-vit-h-14" },
  quality: { name: "convnext_base_w", set: "clip-convnext-base-w" },
  generator: { name: "stable-unclip-2-1", set: "stable-unclip-2-1" },
} as const;

/** The networks that are asked for, and the defaults of those that are not. */
export function networkNames(
  { published = false, model, tokenImageSize = 0, generator, configuration = {} }: PipelineOptions,
  { qualityImageSize, qualityEncoder }: Pick<Configuration, "qualityImageSize" | "qualityEncoder">,
): NetworkNames {
  const chosen = model ?? (published ? PUBLISHED.model.name : "embedded");
  // A preset or a file may name one, too.
  const asked = configuration.qualityEncoder ?? (qualityEncoder || undefined);
  return {
    model: chosen,
    tokenImageSize,
    quality: asked ?? (published ? PUBLISHED.quality.name : chosen),
    qualityImageSize,
    generator: generator ?? (published ? PUBLISHED.generator.name : "embedded"),
  };
}

/** Stages that run each of the networks. */
const USED_BY: Readonly<Record<keyof typeof PUBLISHED, readonly StageName[]>> = {
  model: ["features", "ratios"],
  quality: ["features", "pretraining"],
  generator: ["variations"],
};

/** Sets of weights that stages need, of the networks that GenView has published. */
export function neededWeights(names: NetworkNames, stages: readonly StageName[]): string[] {
  const parts = Object.keys(PUBLISHED) as (keyof typeof PUBLISHED)[];
  return parts.filter((part) =>
    names[part] === PUBLISHED[part].name && USED_BY[part].some((stage) => stages.includes(stage))
  ).map((part) => PUBLISHED[part].set);
}
