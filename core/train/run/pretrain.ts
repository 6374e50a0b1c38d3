/**
 * Pretraining by name: method, data, evaluation and pair encoder are opened as a configuration names them.
 *
 * @module
 */
import { withTodaysNames } from "../../method/former_names.ts";
import { resolve } from "node:path";
import { openTrainingData } from "../../data/open_data.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { configuredEvaluation } from "../../evaluate/configured_evaluation.ts";
import { type LoadedMethod, loadMethodByName } from "../../method/load.ts";
import {
  type PartialConfiguration,
  presetOf,
  readConfiguration,
  resolveConfiguration,
} from "../../method/resolve_configuration.ts";
import { loadCheckpointState } from "../../weights/checkpoint/state.ts";
import { fitBatch } from "./fit_batch.ts";
import { configuredPairEncoder } from "./pair_encoder.ts";
import { readDescription, type RunDescription } from "./run_description.ts";
import { inRunFolder } from "./run_folder.ts";
import { isOwnCheckpoint } from "./run_origin.ts";
import { trainLocked } from "./train.ts";
import type { TrainEvent } from "./train_event.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";

/** What is pretrained, how, and where to. Empty texts are as if they were left out. */
export interface PretrainOptions {
  /** Folder for checkpoints and logs. */
  readonly output: string;
  /** Method by name, or the path or address of a manifest (default the run's that is resumed, or else `simsiam`). */
  readonly method?: string;
  /** Preset of the method (default the configuration of the run that is resumed, or else the method's first preset). */
  readonly preset?: string;
  /** JSON file with a part of the configuration, which wins over the preset. */
  readonly config?: string;
  /** A part of the configuration that wins over all others. */
  readonly configuration?: PartialConfiguration;
  /** `latest`, or the path of a checkpoint, which may be of another run; from the start when left out. */
  readonly resume?: string;
  /** Run, checkpoint or file of weights that the backbone starts with; initial values when left out. */
  readonly from?: string;
  /** Whether the method's heads and moving averages start with those weights too (default false). */
  readonly fromHeads?: boolean;
}

/** The surroundings of a pretraining. */
export interface PretrainContext {
  /** Addresses of manifests by the names of their methods, such as `bundledMethods`. */
  readonly methods: Readonly<Record<string, URL>>;
  /** When it aborts, the run saves a checkpoint after the step that it is in and ends. */
  readonly signal?: AbortSignal;
  /** Called with everything that happens. */
  readonly report?: (event: TrainEvent) => void;
}

/** What a run began with. */
type Beginning = Pick<RunDescription, "method" | "address" | "configuration">;

/** What the run began with that is resumed, or from whose checkpoint another one starts. */
async function readBeginning(output: string, resume: string): Promise<Beginning> {
  if (isOwnCheckpoint(output, resume)) return await readDescription(output);
  const { configuration, ...state } = await loadCheckpointState(resume);
  return { ...state, configuration: withTodaysNames(configuration) };
}

function checkMethodOf(before: Beginning, { manifest }: LoadedMethod): void {
  if (manifest.name === before.method) return;
  throw new GenviewTypeError(
    `Cannot resume: --method must be the run's, which is ${before.method}, found ${manifest.name}`,
  );
}

/** What a configuration names, opened. */
type Opened = Pick<
  TrainOptions,
  "method" | "configuration" | "dataset" | "evaluate" | "pairEncoder"
>;

/** Opens the method, the data, the evaluation and the pair encoder that a configuration names. */
async function open(
  { output, method: chosen, preset, config, configuration: given = {} }: PretrainOptions,
  { resume }: Pick<TrainOptions, "resume">,
  { methods, report }: PretrainContext,
): Promise<Opened> {
  const before = resume === undefined ? undefined : await readBeginning(output, resume);
  const name = chosen || before?.address || before?.method || "simsiam";
  const method = await loadMethodByName(name, methods);
  if (before !== undefined) checkMethodOf(before, method);
  // With a preset the options are compared with the run's as a whole; without one they are changes to it.
  const kept = preset ? undefined : before?.configuration;
  const parts = [config ? await readConfiguration(config) : {}, given];
  const resolved = resolveConfiguration(
    kept ?? presetOf(method.manifest, preset || undefined),
    ...parts,
  );
  const dataset = await openTrainingData(resolved);
  const isChosen = kept !== undefined || parts.some(({ batchSize }) => batchSize !== undefined);
  const { configuration, note } = isChosen
    ? { configuration: resolved, note: undefined }
    : fitBatch(resolved, dataset.length);
  if (note !== undefined) report?.({ kind: "note", message: note });
  const evaluate = await configuredEvaluation(configuration, {
    onWarning: (message) => report?.({ kind: "warning", message }),
  });
  const pairEncoder = await configuredPairEncoder(configuration);
  return {
    method,
    configuration,
    dataset,
    ...(evaluate && { evaluate }),
    ...(pairEncoder && { pairEncoder }),
  };
}

/**
 * Pretrains a backbone, or resumes a run: opens all that the configuration names, and trains as {@linkcode train} does.
 * A resumed run keeps its configuration but for what is given; the very options that it was started with resume it too.
 * A preset's batch that is larger than the data set is lowered to it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../../plugins/mod.ts";
 * import { sharp } from "../../deps/sharp.ts";
 * import { pretrain } from "./pretrain.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/photos`);
 * for (let i = 0; i < 8; i++) {
 *   const background = { r: 30 * i, g: 255 - 30 * i, b: 90 };
 *   await sharp({ create: { width: 40, height: 32, channels: 3, background } })
 *     .png().toFile(`${folder}/photos/${i}.png`);
 * }
 * const losses: number[] = [];
 * const { step, finished } = await pretrain({
 *   output: `${folder}/run`,
 *   preset: "cifar",
 *   configuration: {
 *     data: `${folder}/photos`,
 *     stem: "imagenet",
 *     epochs: 2,
 *     options: { projectorWidth: 16, predictorWidth: 8 },
 *   },
 * }, {
 *   methods: bundledMethods,
 *   report: (event) => void (event.kind === "step" && losses.push(event.loss)),
 * });
 * // The preset's batch of 512 is lowered to 4 of the 8 images.
 * assertEquals([step, finished, losses.length], [4, true, 4]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {TypeError} if a name leads nowhere, the configuration is wrong, or differs from that of the run in what
 * affects its result
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run that is not resumed
 * @throws {Deno.errors.NotFound} if a run is to be resumed and there is none
 * @throws {TrainingError} if the loss is NaN or infinite, or the embeddings collapse
 */
export async function pretrain(
  options: PretrainOptions,
  context: PretrainContext,
): Promise<TrainResult> {
  const { output } = options;
  const resume = options.resume || undefined;
  const from = options.from ? resolve(options.from) : undefined;
  const origin = {
    ...(resume !== undefined && { resume }),
    ...(from !== undefined && { from }),
    ...(options.fromHeads && { fromHeads: true }),
  };
  // Before anything is opened, which may take gigabytes, so that a second process is refused at once.
  return await inRunFolder({ output, ...origin }, async () => {
    const opened = await open(options, origin, context);
    return await trainLocked({
      ...opened,
      output,
      ...origin,
      ...(context.signal && { signal: context.signal }),
      ...(context.report && { report: context.report }),
    });
  });
}
