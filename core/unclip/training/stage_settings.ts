/**
 * What all stages of a generator's training are given.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { GeneratorConfiguration } from "./generator_configuration.ts";
import type { StageRunOptions } from "./stage_run.ts";

/** Settings of a stage. */
export interface StageSettings extends
  Pick<
    StageRunOptions,
    "placement" | "replicas" | "checkpointMinutes" | "signal" | "report" | "measure"
  > {
  /** What determines the training. */
  readonly configuration: GeneratorConfiguration;
  /** What parameters and their averages start from (default: drawn by the configuration's seed). */
  readonly initial?: ReadonlyMap<string, Tensor>;
  /** Parameters that stay as they are, by name (default none). */
  readonly isFrozen?: (name: string) => boolean;
  /** Images that are known to be unreadable: why, by their source's name; those that are met are added. */
  readonly unreadable?: Map<string, string>;
}
