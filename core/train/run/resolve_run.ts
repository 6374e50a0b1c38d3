/**
 * Which method a run trains, and by which configuration, as a user names them.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import { withTodaysNames } from "../../method/former_names.ts";
import { loadMethodByName, type TrainableMethod } from "../../method/load.ts";
import { type ConfigurationFile, readConfiguration } from "../../method/read_configuration.ts";
import {
  type PartialConfiguration,
  presetOf,
  resolveConfiguration,
} from "../../method/resolve_configuration.ts";
import { loadCheckpointState } from "../../weights/checkpoint/state.ts";
import { readDescription, type RunDescription } from "./run_description.ts";
import { isOwnCheckpoint } from "./run_origin.ts";

/** What a run is made of, by name. Empty texts are as if they were left out. */
export interface NamedRun {
  /**
   * Method by name, or the path or address of its folder or manifest (default the run's that is resumed, or that of `config`, or else
   * `simsiam`).
   */
  readonly method?: string;
  /**
   * Preset of the method (default the configuration of the run that is resumed, nothing where `config` names the method,
   * or else the method's first preset).
   */
  readonly preset?: string;
  /** JSON file with a part of the configuration, which wins over the preset, or the name of a bundled one. */
  readonly config?: string;
  /** A part of the configuration that wins over all others. */
  readonly configuration?: PartialConfiguration;
  /** Whether a method from the web is fetched anew, rather than taken as it was kept (default false). */
  readonly reload?: boolean;
}

/** What names of methods and configurations lead to. */
export interface KnownNames {
  /** Addresses of manifests by the names of their methods, such as `bundledMethods`. */
  readonly methods: Readonly<Record<string, URL>>;
  /** Addresses of configurations by name, such as `bundledConfigurations`; none by default. */
  readonly configurations?: Readonly<Record<string, URL>>;
}

/** A method and its whole configuration. */
export interface ResolvedRun {
  readonly method: TrainableMethod;
  readonly configuration: Configuration;
  /** Whether the batch size was chosen for this run, rather than by a preset for data sets of any size. */
  readonly isBatchChosen: boolean;
}

/** What a run began with. */
type Beginning = Pick<RunDescription, "method" | "address" | "configuration">;

/**
 * What the run began with that is resumed, or from whose checkpoint another one starts.
 *
 * @param output folder of the run
 * @param resume `latest`, or the path of a checkpoint
 */
export async function readBeginning(output: string, resume: string): Promise<Beginning> {
  if (isOwnCheckpoint(output, resume)) return await readDescription(output);
  const { configuration, ...state } = await loadCheckpointState(resume);
  return { ...state, configuration: withTodaysNames(configuration) };
}

function checkMethodOf(before: Beginning, { manifest }: TrainableMethod): void {
  if (manifest.name === before.method) return;
  throw new GenviewTypeError(
    `Cannot resume: --method must be the run's, which is ${before.method}, found ${manifest.name}`,
  );
}

function checkMethodOfFile(chosen: string | undefined, file: ConfigurationFile, config: string) {
  if (!chosen || file.method === undefined || file.method === chosen) return;
  throw new GenviewTypeError(
    `Cannot start training: --method must be that of --config ${config}, which is ${file.method}, found ${chosen}`,
  );
}

/**
 * Loads the method and resolves the configuration of a run.
 *
 * @param before what the run began with, if it is resumed
 * @throws {TypeError} if a name leads nowhere, or the configuration is wrong
 */
export async function resolveRun(
  { method: chosen, preset, config, configuration: given = {}, reload = false }: NamedRun,
  { methods, configurations = {} }: KnownNames,
  before?: Beginning,
): Promise<ResolvedRun> {
  const file = config ? await readConfiguration(config, configurations) : { configuration: {} };
  checkMethodOfFile(chosen, file, config ?? "");
  const name = chosen || file.method || before?.address || before?.method || "simsiam";
  const method = await loadMethodByName(name, methods, { reload });
  if (before !== undefined) checkMethodOf(before, method);
  const beneath = () => {
    if (preset) return presetOf(method.manifest, preset);
    // With a preset the options are compared with the run's as a whole; without one they are changes to it.
    if (before !== undefined) return before.configuration;
    return file.method === undefined ? presetOf(method.manifest) : {};
  };
  const parts = [file.configuration, given];
  return {
    method,
    configuration: resolveConfiguration(beneath(), ...parts),
    isBatchChosen: (before !== undefined && !preset) ||
      parts.some(({ batchSize }) => batchSize !== undefined),
  };
}
