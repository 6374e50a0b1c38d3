/**
 * The configuration of a training run: one flat record, whose schema gives the command line its options, configuration
 * files and presets their checks, and every value its type, its default, its explanation, the heading under which
 * `--help` lists it, and what a change of it does to a run that is resumed.
 *
 * @module
 */
import type { ValuesOf } from "../schema/schema.ts";
import { validate } from "../schema/validate.ts";
import { dataOptions } from "./configuration/data_options.ts";
import { optimizationOptions } from "./configuration/optimization_options.ts";
import { pairOptions } from "./configuration/pair_options.ts";
import { runOptions } from "./configuration/run_options.ts";

/** JSON Schema of a {@linkcode Configuration}, with the defaults of a first run. */
export const configurationSchema: {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly properties:
    & typeof dataOptions
    & typeof optimizationOptions
    & typeof pairOptions
    & typeof runOptions;
} = {
  type: "object",
  additionalProperties: false,
  properties: { ...dataOptions, ...optimizationOptions, ...pairOptions, ...runOptions },
};

/** All that determines a training run. */
export type Configuration = ValuesOf<typeof configurationSchema>;

/** The configuration with nothing but defaults. */
export const DEFAULT_CONFIGURATION: Configuration = validate<Configuration>(
  configurationSchema,
  {},
  "make a configuration",
  "configuration",
);
