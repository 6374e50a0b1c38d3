/**
 * What a method is compiled for, as plain data.
 *
 * @module
 */
import type { GraphTarget } from "../../engine/graph/target.ts";
import type { Precision } from "../../engine/precision/mod.ts";
import type { Configuration } from "../../method/configuration.ts";

/** What a method is compiled for. */
export interface CompileRequest {
  /** Backbone, batch, the method's options, optimizer, rules and seed. */
  readonly configuration: Configuration;
  /** Height and width of each view, in pixels. */
  readonly viewSizes: readonly number[];
  /** Formulations of the convolutions, and what is known of the device. */
  readonly tuning: GraphTarget;
  /** Processes that share the batch of each step (default 1). */
  readonly ranks?: number;
  /** What networks compute in (default `float32`). */
  readonly precision?: Precision;
  /** Whether the models say the type of every value, as their memory is estimated by (default no). */
  readonly typed?: boolean;
}
