/**
 * Whether a run can be resumed from a checkpoint.
 *
 * @module
 */
import { counted } from "../../schema/counted.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { type Configuration, configurationSchema } from "../../method/configuration.ts";
import { withTodaysNames } from "../../method/former_names.ts";
import { resolveConfiguration } from "../../method/resolve_configuration.ts";
import type { Affects, PropertySchema } from "../../schema/schema.ts";
import { optionName } from "../../schema/option_name.ts";
import { isSameValue } from "../../schema/same_value.ts";
import type { CheckpointState } from "../../weights/checkpoint/state.ts";
import type { TrainOptions } from "./train_options.ts";

/** An option that has another value from a step of the run on. */
export interface ConfigurationChange {
  /** Steps that were taken before it. */
  readonly step: number;
  /** The option's name in the configuration. */
  readonly name: string;
  /** Its value before that step. */
  readonly from: unknown;
  /** Its value from that step on. */
  readonly to: unknown;
}

type OptionName = keyof Configuration;

/** Names of the options that affect a run in these ways. */
function optionsThat(...affects: readonly Affects[]): OptionName[] {
  return (Object.keys(configurationSchema.properties) as OptionName[]).filter((name) => {
    const schema: PropertySchema = configurationSchema.properties[name];
    return schema.affects !== undefined && affects.includes(schema.affects);
  });
}

function describe({ name, from, to }: Omit<ConfigurationChange, "step">): string {
  return `${optionName(name)} was ${JSON.stringify(from)}, found ${JSON.stringify(to)}`;
}

/**
 * Checks that a checkpoint belongs to a run of this configuration.
 *
 * @param state the checkpoint's, or that of a run without one
 * @returns the options that differ from the checkpoint's, of those that may: the run's length, the learning-rate
 * schedule, and the norm to which gradients are clipped
 * @throws {TypeError} if anything else differs that affects the result, or the new length is shorter than what was done
 */
export function checkResumable(
  state: Pick<CheckpointState, "method" | "step" | "samples" | "configuration">,
  { method, configuration, dataset }: Pick<TrainOptions, "method" | "configuration" | "dataset">,
): ConfigurationChange[] {
  // A run from before an option was added had its default.
  const before = resolveConfiguration(withTodaysNames(state.configuration));
  const changesOf = (names: readonly OptionName[]): ConfigurationChange[] =>
    names.filter((name) => !isSameValue(before[name], configuration[name]))
      .map((name) => ({
        step: state.step,
        name,
        from: before[name],
        to: configuration[name],
      }));
  const refused = changesOf(optionsThat("result")).map(describe);
  if (state.samples !== dataset.length) {
    refused.unshift(
      `the data set had ${counted(state.samples, "sample")}, found ${dataset.length}`,
    );
  }
  if (state.method !== method.manifest.name) {
    refused.unshift(`the method was ${state.method}, found ${method.manifest.name}`);
  }
  const changeable = optionsThat("length", "remedy");
  if (refused.length > 0) {
    throw new GenviewTypeError(
      `Cannot resume: these options differ from the original run: ${refused.join("; ")}; only ${
        changeable.map(optionName).join(", ")
      } may change`,
    );
  }
  const steps = Math.floor(dataset.length / configuration.batchSize) * configuration.epochs;
  if (steps < state.step) {
    throw new GenviewTypeError(
      `Cannot resume: the run must be at least as long as what was trained, ${
        counted(state.step, "step")
      }, found --epochs ` +
        `${configuration.epochs}, which is ${counted(steps, "step")}`,
    );
  }
  return changesOf(changeable);
}
