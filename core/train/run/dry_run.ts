/**
 * What a run would be, before anything of it is started.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { openTrainingData } from "../../data/open_data.ts";
import { type ProcessGroup, rankPlacement } from "../../distributed/mod.ts";
import { type Device, formatDevice, type Placement } from "../../engine/ort/mod.ts";
import type { Precision } from "../../engine/precision/mod.ts";
import { hostName } from "../../files/folder_lock.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { Manifest } from "../../method/manifest.ts";
import { openCompiler } from "../compile/method_compiler.ts";
import { encoderMemory } from "../memory/encoder_memory.ts";
import { evaluationMemory } from "../memory/evaluation_memory.ts";
import { type RunMemory, runMemory } from "../memory/run_memory.ts";
import { type ModelSize, stepMemory } from "../memory/step_memory.ts";
import { deviceTuning } from "../step/conv_autotune.ts";
import { unusedInputs } from "../step/method_inputs.ts";
import { type StepTraffic, stepTraffic } from "../cost/step_traffic.ts";
import { checkScheduled } from "./check_scheduled.ts";
import { fitBatch, type FittedBatch } from "./fit_batch.ts";
import { type KnownNames, type NamedRun, resolveRun } from "./resolve_run.ts";
import { checkPrecision } from "./run_precision.ts";
import { planRun, type RunPlan } from "./run_plan.ts";
import type { RankPlace } from "./run_ranks.ts";

/** What is described. */
export interface DryRunOptions extends NamedRun {
  /** Number of images in the data set, which is then not opened; as many as it has when 0 or left out. */
  readonly images?: number;
  /** Processes of this machine that would train together, none of which is started; 1 if left out. */
  readonly ranks?: number;
  /** The processes that would train together, if they have been started; all of them describe the run alike. */
  readonly group?: ProcessGroup;
}

/** Where a process would compute. */
export interface PlannedRank extends RankPlace {
  /** Threads on the CPU; as many as the device's library takes when 0. */
  readonly threads: number;
}

/** Several processes that would train together. */
export interface PlannedRanks {
  /** Where each would compute, by rank. */
  readonly places: readonly PlannedRank[];
  /** Samples of each batch that each of them takes. */
  readonly samples: number;
  /** What each of them sends in a step. */
  readonly traffic: StepTraffic;
}

/** What a run would be. */
export interface DryRun {
  /** The manifest of its method. */
  readonly method: Manifest;
  /** All that determines it. */
  readonly configuration: Configuration;
  /** Where it would run. */
  readonly device: Device;
  /** What its networks would compute in. */
  readonly precision: Precision;
  /** Name and number of the samples. */
  readonly data: Pick<Dataset, "name" | "length">;
  /** Numbers of parameters. */
  readonly parameters: {
    /** Those that are trained. */
    readonly trained: number;
    /** Those that stay as they are, such as a ViT's fixed positions. */
    readonly fixed: number;
    /** Those of the momentum encoder. */
    readonly momentum: number;
  };
  /** The models of a step by name, in the order of their runs. */
  readonly models: Readonly<Record<string, ModelSize>>;
  /** Height and width of each view, in pixels. */
  readonly viewSizes: readonly number[];
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  /** Batches of all epochs. */
  readonly totalSteps: number;
  /** Parts of a batch, or of a process's part of it, that go through the networks one after the other. */
  readonly microBatches: number;
  /** The processes, if there are several. */
  readonly ranks?: PlannedRanks;
  /** Learning rate of the first step, the largest, and that of the last step. */
  readonly learningRate: { readonly start: number; readonly peak: number; readonly end: number };
  /** Peak memory on the CPU, in bytes, of each process. */
  readonly memory: RunMemory;
  /** Sentences on what was changed to fit the data, and on what the configuration asks for in vain. */
  readonly warnings: readonly string[];
}

/** Steps at which a learning rate's course is looked at, beside those of the warm-up's end. */
const LOOKS = 10_000;

function learningRates(
  { scalars, totalSteps, stepsPerEpoch }: RunPlan,
  { warmupEpochs }: Configuration,
): DryRun["learningRate"] {
  const at = (step: number) => scalars(step)["learning_rate"]!;
  const last = totalSteps - 1;
  const warm = Math.min(last, Math.round(warmupEpochs * stepsPerEpoch));
  const looks = Array.from({ length: LOOKS + 1 }, (_, i) => Math.round(i * last / LOOKS));
  const peak = [warm, Math.max(0, warm - 1), ...looks].map(at)
    .reduce((most, rate) => Math.max(most, rate));
  return { start: at(0), peak, end: at(last) };
}

function placeOf({ device, threads = 0 }: Placement): PlannedRank {
  return { host: hostName(), device: formatDevice(device), threads };
}

/** The places of processes that are yet to be started, all on this machine. */
function plannedPlaces(configuration: Configuration, ranks: number): readonly PlannedRank[] {
  return Array.from(
    { length: ranks },
    (_, localRank) => placeOf(rankPlacement(configuration, { localRank, localSize: ranks })),
  );
}

/**
 * Describes a run that is not started: nothing is computed and nothing is written. Its method is compiled for its whole
 * batch, and its memory estimated, see {@linkcode runMemory}.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../../plugins/mod.ts";
 * import { dryRun } from "./dry_run.ts";
 *
 * const { parameters, totalSteps, learningRate } = await dryRun(
 *   { method: "simsiam", preset: "cifar", images: 50_000, configuration: { epochs: 2 } },
 *   { methods: bundledMethods },
 * );
 * assertEquals([parameters.trained, totalSteps, learningRate.peak], [18_516_032, 194, 0.06]);
 * ```
 *
 * @throws {TypeError} if a name leads nowhere, or the configuration is wrong
 * @throws {RangeError} if the data set has fewer samples than a batch, or the processes do not divide one
 */
export async function dryRun(
  { images = 0, group, ranks = group?.size ?? 1, ...named }: DryRunOptions,
  known: KnownNames,
): Promise<DryRun> {
  const run = await resolveRun(named, known);
  const { method } = run;
  const data = images > 0
    ? { name: run.configuration.data, length: images }
    : await openTrainingData(run.configuration);
  const { configuration, note }: FittedBatch = run.isBatchChosen
    ? { configuration: run.configuration }
    : fitBatch(run.configuration, data.length);
  const { qualityEncoder } = configuration;
  const weighted = qualityEncoder !== "";
  const plan = planRun({
    configuration,
    dataset: data,
    ...(weighted && { pairEncoder: qualityEncoder }),
    ...(ranks > 1 && { group: group ?? { size: ranks, localRank: 0, localSize: ranks } }),
  });
  const { recipes, placement, precision } = plan;
  const viewSizes = recipes.map(({ size }) => size);
  await using compiler = openCompiler(method);
  const tuning = await deviceTuning(placement);
  const request = { configuration, viewSizes, tuning, precision, ranks, typed: true };
  const facts = await compiler.inspect(request);
  const precisionWarnings = checkPrecision(precision, placement.device, facts.convolutions);
  const compiled = await compiler.step(request);
  const step = stepMemory(compiled);
  return {
    method: method.manifest,
    configuration,
    device: placement.device,
    precision,
    data: { name: data.name, length: data.length },
    parameters: {
      trained: facts.parameters,
      fixed: facts.fixedParameters,
      momentum: facts.momentumParameters,
    },
    models: step.models,
    viewSizes,
    stepsPerEpoch: plan.stepsPerEpoch,
    totalSteps: plan.totalSteps,
    microBatches: compiled.kind === "accumulated" ? compiled.built.microBatches : 1,
    ...(ranks > 1 && {
      ranks: {
        places: group === undefined
          ? plannedPlaces(configuration, ranks)
          : await group.allGatherValues(placeOf(placement)),
        samples: plan.rankBatchSize,
        traffic: stepTraffic(compiled),
      },
    }),
    learningRate: learningRates(plan, configuration),
    memory: runMemory({
      step,
      encoder: await encoderMemory(configuration),
      evaluation: evaluationMemory(plan.backbone, configuration),
      images: data.length,
      recipes,
      drawnParameters: facts.parameters + facts.fixedParameters,
      configuration: { ...configuration, batchSize: plan.rankBatchSize },
    }),
    warnings: [
      ...(note === undefined ? [] : [note]),
      ...precisionWarnings,
      ...checkScheduled(facts, configuration),
      ...unusedInputs(facts, weighted),
      ...compiled.built.warnings,
    ],
  };
}
