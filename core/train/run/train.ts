/**
 * Training runs: from a method, a configuration and a data set to checkpoints and logs in a folder.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { join } from "node:path";
import { backbone as backboneOf } from "../../backbones/registry.ts";
import type { Backbone } from "../../backbones/backbone.ts";
import { type ViewBatch, viewLoader } from "../../data/loader/view_loader.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { withTarget } from "../../engine/graph/target.ts";
import { type Device, resolveDevice } from "../../engine/ort/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import { checkScheduled } from "./check_scheduled.ts";
import { setAside } from "../../weights/checkpoint/newest.ts";
import { deviceSources, saveCheckpoint } from "../../weights/checkpoint/checkpoint.ts";
import { uniformSpread } from "../step/embedding_spread.ts";
import { NO_STEPS, summarizeEpoch } from "./epoch_sums.ts";
import type { EpochSums } from "../../weights/checkpoint/state.ts";
import { configuredVariations, generatedShare } from "./generated_views.ts";
import { buildMethodGraph, countParameters, type MethodGraph } from "../step/method_graph.ts";
import { viewRecipes } from "../../data/views/named_views.ts";
import { unusedInputs } from "../step/method_inputs.ts";
import { PairWeighting, summarizeJudgement } from "../step/pair_weighting.ts";
import { RunGuard } from "./run_guard.ts";
import { RunLog } from "../log/run_log.ts";
import { checkOutput, findOrigin, type RunOrigin } from "./run_origin.ts";
import { optimizerOf, runSchedules } from "./run_schedules.ts";
import { type RunTuning, runTuning } from "./run_tuning.ts";
import type { TrainEvent, TrainOptions, TrainResult } from "./train_options.ts";
import { initialWeights, TrainingStep } from "../step/training_step.ts";
import { ViewFeed } from "../step/view_feed.ts";

/** The backbone that a configuration asks for. */
export function configuredBackbone(
  { backbone, stem, zeroInitResidual }: Pick<
    Configuration,
    "backbone" | "stem" | "zeroInitResidual"
  >,
): Backbone {
  return backboneOf(backbone, { stem, zeroInitResidual });
}

/**
 * Trains, and leaves in the output folder `configuration.json`, `steps.jsonl`, `epochs.jsonl`, TensorBoard events and
 * `checkpoints/`. A run that was stopped, or killed at any point, goes on with `resume` as if it had never ended: on
 * the CPU bit for bit.
 *
 * @throws {TypeError} if the configuration does not fit the method or the checkpoint
 * @throws {RangeError} if the data set has fewer samples than a batch
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run and `resume` names no checkpoint of it
 * @throws {Deno.errors.AlreadyExists} at once if another process trains in the output folder
 * @throws {RangeError} if the checkpoint is not the last of its run in the output folder
 * @throws {GenviewError} if the system refuses, such as on a full disk
 * @throws {TrainingError} if the loss is no number or the embeddings collapse
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  // What is refused leaves no folder behind; what is asked again under the lock may have changed until then.
  await checkOutput(options);
  using _lock = await FolderLock.acquire(options.output);
  using run = await Run.start(options);
  return await run.finish();
}

/** What a step is fed, by the number of steps before it. */
type Scalars = ReturnType<typeof runSchedules>;

/** One run in progress. */
class Run implements Disposable {
  readonly #options: TrainOptions;
  readonly #owned: DisposableStack;
  readonly #graph: MethodGraph;
  readonly #tuning: RunTuning;
  readonly #step: TrainingStep;
  readonly #feed: ViewFeed;
  readonly #weighting: PairWeighting | undefined;
  readonly #log: RunLog;
  readonly #guard: RunGuard;
  readonly #backbone: Backbone;
  readonly #device: Device;
  readonly #stepsPerEpoch: number;
  readonly #totalSteps: number;
  readonly #scalars: Scalars;
  readonly #origin: RunOrigin;
  readonly #unreadable = new Map<string, string>();
  #taken: number;
  #sums: EpochSums;
  #skipped = 0;
  #saved: string | undefined;

  private constructor(parts: {
    options: TrainOptions;
    owned: DisposableStack;
    graph: MethodGraph;
    tuning: RunTuning;
    step: TrainingStep;
    feed: ViewFeed;
    weighting: PairWeighting | undefined;
    log: RunLog;
    backbone: Backbone;
    device: Device;
    stepsPerEpoch: number;
    totalSteps: number;
    scalars: Scalars;
    origin: RunOrigin;
  }) {
    this.#options = parts.options;
    this.#owned = parts.owned;
    this.#graph = parts.graph;
    this.#tuning = parts.tuning;
    this.#step = parts.step;
    this.#feed = parts.feed;
    this.#weighting = parts.weighting;
    this.#log = parts.log;
    this.#backbone = parts.backbone;
    this.#device = parts.device;
    this.#stepsPerEpoch = parts.stepsPerEpoch;
    this.#totalSteps = parts.totalSteps;
    this.#scalars = parts.scalars;
    this.#origin = parts.origin;
    this.#taken = parts.origin.checkpoint?.state.step ?? 0;
    this.#sums = parts.origin.checkpoint?.state.epochSoFar ?? NO_STEPS;
    this.#saved = parts.origin.saved;
    this.#guard = new RunGuard(parts.graph.embeddings.shape[1]!);
  }

  /** Compiles the step, restores or draws its state, and opens the logs. */
  static async start(options: TrainOptions): Promise<Run> {
    const { method, configuration, dataset, output } = options;
    const { batchSize, seed, clipGradientNorm, threads, parameterRules } = configuration;
    const origin = await findOrigin(options);
    const { checkpoint, resumes, changes } = origin;
    const stepsPerEpoch = Math.floor(dataset.length / batchSize);
    if (stepsPerEpoch < 1) {
      throw new GenviewRangeError(
        `Cannot train on "${dataset.name}": it must have at least batchSize (${batchSize}) samples, ` +
          `found ${dataset.length}`,
      );
    }

    const backbone = configuredBackbone(configuration);
    const recipes = viewRecipes(configuration);
    configuredVariations(configuration, recipes.length);
    const totalSteps = stepsPerEpoch * configuration.epochs;
    const scalars = runSchedules(configuration, { totalSteps, stepsPerEpoch });
    const device = resolveDevice(configuration.device);
    const placement = { device, threads };
    const build = () =>
      buildMethodGraph(method, {
        backbone,
        viewSizes: recipes.map(({ size }) => size),
        batchSize,
        options: configuration.options,
      });
    // Symbolic, and so without cost: it is checked before hours may go into tuning it.
    const symbolic = build();
    const warnings = [
      ...checkScheduled(symbolic, configuration),
      ...unusedInputs(symbolic, options.pairEncoder !== undefined),
    ];
    const tuning = await runTuning(options, placement, build, checkpoint?.state.tuning);
    const graph = withTarget(tuning, build);
    const owned = new DisposableStack();
    try {
      const step = owned.use(
        await TrainingStep.create(
          graph,
          {
            ...placement,
            optimizer: optimizerOf(configuration),
            rules: parameterRules,
            ...(clipGradientNorm > 0 && { clipGradientNorm }),
          },
          checkpoint?.model ?? initialWeights(graph, seed),
          checkpoint?.optimizer,
        ),
      );
      const feed = owned.use(
        await ViewFeed.create(recipes, batchSize, placement),
      );
      const weighting = options.pairEncoder === undefined ? undefined : owned.use(
        await PairWeighting.create(options.pairEncoder, {
          views: step.views,
          normalize: recipes.map(({ normalize }) => normalize),
          pairWeights: step.pairWeights,
          ...placement,
        }),
      );
      const description = {
        method: method.manifest.name,
        configuration,
        ...(!resumes && options.resume !== undefined && { startedFrom: options.resume }),
        changes,
      };
      const log = owned.use(
        await RunLog.open(output, description, {
          ...(resumes && { resumedAt: checkpoint?.state.step ?? 0 }),
        }),
      );
      for (const damaged of origin.passedOver) {
        const aside = await setAside(damaged);
        warnings.push(`Passed over a checkpoint, now ${aside}: ${damaged.reason}`);
      }
      for (const message of [...step.warnings, ...warnings, ...log.warnings]) {
        options.report?.({ kind: "warning", message });
      }
      return new Run({
        options,
        owned,
        graph,
        tuning,
        step,
        feed,
        weighting,
        log,
        backbone,
        device,
        stepsPerEpoch,
        totalSteps,
        scalars,
        origin,
      });
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  #report(event: TrainEvent): void {
    this.#options.report?.(event);
  }

  /** Takes all steps that are left. */
  async finish(): Promise<TrainResult> {
    const { dataset, signal } = this.#options;
    this.#report({
      kind: "start",
      device: this.#device,
      parameters: countParameters(this.#graph),
      stepsPerEpoch: this.#stepsPerEpoch,
      totalSteps: this.#totalSteps,
      resumedAt: this.#taken,
      changes: this.#origin.changes,
      ...(dataset.coverage && { coverage: dataset.coverage }),
      uniformSpread: uniformSpread(this.#graph.embeddings.shape[1]!),
    });
    if (this.#taken === 0) await this.#evaluate(0);
    // A run from another one's checkpoint can itself be resumed from then on.
    else if (this.#saved === undefined) await this.#save();
    while (this.#taken < this.#totalSteps && !signal?.aborted) await this.#epoch();
    const last = this.#saved ?? await this.#save();
    return {
      step: this.#taken,
      finished: this.#taken === this.#totalSteps,
      checkpoint: last,
      skipped: this.#skipped,
    };
  }

  /** Takes the steps of the epoch that the run is in, from where it is. */
  async #epoch(): Promise<void> {
    const { configuration, dataset, signal } = this.#options;
    const { batchSize, seed, loaders, strict, checkpointEvery } = configuration;
    const epoch = Math.floor(this.#taken / this.#stepsPerEpoch);
    const recipes = viewRecipes(configuration);
    const loader = viewLoader(dataset, recipes, {
      batchSize,
      seed,
      epoch,
      strict,
      workers: loaders - 1,
      variations: configuredVariations(configuration, recipes.length),
      startBatch: this.#taken % this.#stepsPerEpoch,
      unreadable: this.#unreadable,
      onWarning: (message) => this.#report({ kind: "warning", message }),
    });
    const [before, began] = [this.#sums, performance.now()];
    let { loss, steps } = before;
    for await (const batch of loader) {
      loss += await this.#takeStep(batch, epoch, this.#scalars(this.#taken));
      steps++;
      if (signal?.aborted) break;
    }
    const { waitSeconds, skipped } = loader.statistics;
    this.#skipped += skipped;
    const sums: EpochSums = {
      steps,
      loss,
      seconds: before.seconds + (performance.now() - began) / 1000,
      waitSeconds: before.waitSeconds + waitSeconds,
      skipped: before.skipped + skipped,
    };
    const whole = this.#taken % this.#stepsPerEpoch === 0;
    this.#sums = whole ? NO_STEPS : sums;
    if (!whole) return void await this.#save();
    const done = epoch + 1;
    const metrics = await this.#evaluate(done, summarizeEpoch(sums));
    const means = { ...sums, loss: loss / steps };
    this.#report({ kind: "epoch", epoch: done, step: this.#taken, ...means, metrics });
    const last = this.#taken === this.#totalSteps;
    if (done % checkpointEvery === 0 || last || signal?.aborted) await this.#save();
  }

  async #takeStep(
    batch: ViewBatch,
    epoch: number,
    scalars: Readonly<Record<string, number>>,
  ): Promise<number> {
    const began = performance.now();
    await this.#feed.write(batch.views, this.#step.views);
    const quality = await this.#weigh(batch, epoch);
    const varied = this.#options.dataset.coverage && { generatedViews: generatedShare(batch) };
    const result = await this.#step.run(scalars);
    this.#taken++;
    this.#saved = undefined;
    const event: TrainEvent = {
      kind: "step",
      step: this.#taken,
      epoch,
      learningRate: scalars["learning_rate"]!,
      seconds: (performance.now() - began) / 1000,
      ...result,
      metrics: { ...result.metrics, ...varied, ...quality },
    };
    this.#log.step(event);
    this.#report(event);
    // A step that ends the run is told first: it is what one looks for afterwards.
    this.#guard.check(event);
    return result.loss;
  }

  /** Weighs the pairs of a batch, if an encoder is there to; what is logged of it. */
  async #weigh(batch: ViewBatch, epoch: number): Promise<Readonly<Record<string, number>>> {
    const { pairEncoder, pairsShown } = this.#options;
    if (this.#weighting === undefined || pairEncoder === undefined) return {};
    const isFirst = this.#taken % this.#stepsPerEpoch === 0;
    const shown = isFirst ? Math.min(pairsShown?.count ?? 0, batch.indices.length) : 0;
    const judgement = await this.#weighting.weigh(shown);
    if (shown > 0) {
      const pictures = await this.#feed.pictures(batch.views.slice(0, 2), shown);
      const [first, second] = pictures;
      await pairsShown!.show({
        ...judgement,
        epoch,
        pictures: [first!, second!],
        grid: pairEncoder.network.grid,
      });
    }
    return summarizeJudgement(judgement);
  }

  /** Asks for metrics where it is time to, and logs them with what is known of the epoch. */
  async #evaluate(
    epoch: number,
    known: Readonly<Record<string, number>> = {},
  ): Promise<Readonly<Record<string, number>>> {
    const { configuration: { evaluateEvery, epochs }, evaluate } = this.#options;
    const due = evaluateEvery > 0 && (epoch % evaluateEvery === 0 || epoch === epochs);
    const metrics = due && evaluate !== undefined
      ? await evaluate({
        epoch,
        backbone: this.#backbone,
        device: this.#device,
        weights: this.#step.weights,
      })
      : {};
    this.#log.epoch(this.#taken, epoch, { ...known, ...metrics });
    return metrics;
  }

  async #save(): Promise<string> {
    const { method, configuration, dataset, output } = this.#options;
    await this.#log.sync();
    const path = await saveCheckpoint(join(output, "checkpoints"), {
      state: {
        version: 1,
        method: method.manifest.name,
        step: this.#taken,
        epoch: Math.floor(this.#taken / this.#stepsPerEpoch),
        samples: dataset.length,
        configuration,
        ...(this.#sums.steps > 0 && { epochSoFar: this.#sums }),
        tuning: this.#tuning,
      },
      model: deviceSources(this.#step.weights),
      optimizer: deviceSources(this.#step.slots),
    }, configuration.keepCheckpoints);
    this.#saved = path;
    this.#report({ kind: "checkpoint", path, step: this.#taken });
    return path;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
