/**
 * Pretraining by name: method, data, evaluation and pair encoder are opened as a configuration names them.
 *
 * @module
 */
import { resolve } from "node:path";
import { openTrainingData } from "../../data/open_data.ts";
import { type ProcessGroup, rankThreads } from "../../distributed/mod.ts";
import { configuredEvaluation } from "../../evaluate/configured_evaluation.ts";
import type { CompileLimits } from "../compile/compile_limits.ts";
import { fitBatch } from "./fit_batch.ts";
import { configuredPairEncoder } from "./pair_encoder.ts";
import { type KnownNames, type NamedRun, readBeginning, resolveRun } from "./resolve_run.ts";
import { inRunFolder } from "./run_folder.ts";
import { RunRanks } from "./run_ranks.ts";
import { trainLocked } from "./train.ts";
import type { TrainEvent } from "./train_event.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";

/** What is pretrained, how, and where to. Empty texts are as if they were left out. */
export interface PretrainOptions extends NamedRun {
  /** Folder for checkpoints and logs. */
  readonly output: string;
  /** `latest`, or the path of a checkpoint, which may be of another run; from the start when left out. */
  readonly resume?: string;
  /** Run, checkpoint or file of weights that the backbone starts with; initial values when left out. */
  readonly from?: string;
  /** Whether the method's heads and moving averages start with those weights too (default false). */
  readonly fromHeads?: boolean;
}

/** The surroundings of a pretraining. */
export interface PretrainContext extends KnownNames {
  /** How much a method may take while it is compiled. */
  readonly limits?: CompileLimits;
  /**
   * The processes that pretrain together, each of which calls `pretrain` alike, within `inProcessGroup`; one alone when
   * left out.
   */
  readonly group?: ProcessGroup;
  /** When it aborts, on any of the processes, the run saves a checkpoint after the step that it is in and ends. */
  readonly signal?: AbortSignal;
  /** Called with everything that happens. */
  readonly report?: (event: TrainEvent) => void;
}

/** What a configuration names, opened. */
type Opened = Pick<
  TrainOptions,
  "method" | "configuration" | "dataset" | "evaluate" | "pairEncoder"
>;

/** Opens the method, the data, the evaluation and the pair encoder that a configuration names. */
async function open(
  options: PretrainOptions,
  { resume }: Pick<TrainOptions, "resume">,
  context: PretrainContext,
): Promise<Opened> {
  const { report: given, group } = context;
  // The others would say the same.
  const { leads } = new RunRanks(group);
  const report = leads ? given : undefined;
  const before = resume === undefined ? undefined : await readBeginning(options.output, resume);
  const run = await resolveRun(options, context, before);
  const { method } = run;
  const dataset = await openTrainingData(run.configuration);
  const { configuration, note } = run.isBatchChosen
    ? { configuration: run.configuration, note: undefined }
    : fitBatch(run.configuration, dataset.length);
  if (note !== undefined) report?.({ kind: "note", message: note });
  const threads = rankThreads(configuration.threads, group);
  const evaluate = await configuredEvaluation({ ...configuration, threads }, {
    onWarning: (message) => report?.({ kind: "warning", message }),
    group,
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
    ...(context.group && { group: context.group }),
  };
  // Before anything is opened, which may take gigabytes, so that a second process is refused at once.
  return await inRunFolder({ output, ...origin }, async () => {
    const opened = await open(options, origin, context);
    return await trainLocked({
      ...opened,
      output,
      ...origin,
      ...(context.limits && { limits: context.limits }),
      ...(context.signal && { signal: context.signal }),
      ...(context.report && { report: context.report }),
    });
  });
}
