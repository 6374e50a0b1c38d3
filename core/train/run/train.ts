/**
 * Training runs: from a method, a configuration and a data set to checkpoints and logs in a folder.
 *
 * @module
 */
import { trustDevice } from "../../engine/ort/mod.ts";
import type { ViewBatch } from "../../data/loader/view_loader.ts";
import {
  initialLossScale,
  type LossScale,
  lossScaleScalars,
  nextLossScale,
} from "../../engine/optim/mod.ts";
import { scalesLoss } from "../../engine/step/step_precision.ts";
import type { EpochSums } from "../../weights/checkpoint/state.ts";
import { RunMessages } from "../log/run_messages.ts";
import { uniformSpread } from "../step/embedding_spread.ts";
import { type CompiledMethod, compileMethod } from "./compiled_method.ts";
import { NO_STEPS, summarizeEpoch } from "./epoch_sums.ts";
import { RunBatches } from "./run_batches.ts";
import { checkSameState, shareStatistics } from "./rank_state.ts";
import { RunGuard, TrainingError } from "./run_guard.ts";
import { inRunFolder } from "./run_folder.ts";
import { findSharedOrigin, type RunOrigin } from "./run_origin.ts";
import { planRun, type RunPlan } from "./run_plan.ts";
import { type AgreedState, rankWarnings, RunRanks } from "./run_ranks.ts";
import { RunRecord } from "./run_record.ts";
import { extremePairs } from "./extreme_pairs.ts";
import type { TrainEvent } from "./train_event.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";

/**
 * Trains, and leaves in the output folder `configuration.json`, `start.json`, `steps.jsonl`, `epochs.jsonl`,
 * `messages.jsonl`, TensorBoard events and `checkpoints/`. A run that was stopped, or killed at any point, is resumed by `resume` as if it had never ended: on
 * the CPU bit for bit.
 *
 * @throws {TypeError} if the configuration does not fit the method or the checkpoint
 * @throws {RangeError} if the data set has fewer samples than a batch
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run and `resume` names no checkpoint of it
 * @throws {Deno.errors.AlreadyExists} at once if another process trains in the output folder
 * @throws {RangeError} if the checkpoint is not the last of its run in the output folder
 * @throws {GenviewError} if the system refuses, such as on a full disk
 * @throws {TrainingError} if the loss is NaN or infinite, the embeddings collapse, or processes have come apart
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  return await inRunFolder(options, () => trainLocked(options));
}

/**
 * Trains as {@linkcode train} does, in a folder that the caller has locked.
 *
 * @throws what {@linkcode train} throws
 */
export async function trainLocked(given: TrainOptions): Promise<TrainResult> {
  using owned = new DisposableStack();
  const ranks = new RunRanks(given.group);
  const { report: _report, ...others } = given;
  const messages = new RunMessages();
  const told = ranks.reporter(given.report);
  const report = (event: TrainEvent) => {
    messages.take(event);
    told?.(event);
  };
  const options: TrainOptions = { ...others, report };
  await ranks.checkSameRun(options);
  const origin = await findSharedOrigin(options, ranks);
  const plan = planRun(options);
  await trustDevice(plan.placement.device);
  const method = await compileMethod(options, plan, origin, ranks);
  owned.use(method.step);
  const batches = owned.use(await RunBatches.create(options, plan, method.step));
  const record = ranks.leads ? owned.use(await RunRecord.open(options, origin, method)) : undefined;
  if (record !== undefined) messages.open(record.log, origin.checkpoint?.state.step ?? 0);
  if (ranks.leads) {
    const warnings = [...method.warnings, ...rankWarnings(options, origin.checkpoint?.state)];
    for (const message of warnings) report({ kind: "warning", message });
  }
  const run = new Run(options, origin, { ranks, plan, method, batches, record });
  try {
    return await run.finish();
  } catch (error) {
    messages.fail(error);
    // Such an error all processes have alike.
    if (ranks.leads || !(error instanceof TrainingError)) run.sayWhereToResume();
    throw error;
  }
}

/** Images of a run's first batch that are drawn, in all their views. */
const SHOWN_IMAGES = 8;

/** What is reported of a step. */
type StepEvent = Extract<TrainEvent, { readonly kind: "step" }>;

/** What is reported before the first step. */
type StartEvent = Extract<TrainEvent, { readonly kind: "start" }>;

/** The parts of a run. */
interface RunParts {
  readonly ranks: RunRanks;
  readonly plan: RunPlan;
  readonly method: CompiledMethod;
  readonly batches: RunBatches;
  /** Of the first of several processes. */
  readonly record: RunRecord | undefined;
}

/** One run in progress. */
class Run {
  readonly #options: TrainOptions;
  readonly #origin: RunOrigin;
  readonly #parts: RunParts;
  readonly #guard: RunGuard;
  #taken: number;
  #sums: EpochSums;
  /** Of a run whose loss is scaled, or was before it was resumed. */
  #lossScale: LossScale | undefined;
  #skipped = 0;
  /** The last checkpoint. */
  #saved: { readonly path: string; readonly step: number } | undefined;
  /** Whether a process was told to stop, as all have agreed. */
  #stops = false;

  constructor(options: TrainOptions, origin: RunOrigin, parts: RunParts) {
    this.#options = options;
    this.#origin = origin;
    this.#parts = parts;
    this.#guard = new RunGuard(parts.method.embeddingWidth);
    this.#taken = origin.checkpoint?.state.step ?? 0;
    if (origin.saved !== undefined) this.#saved = { path: origin.saved, step: this.#taken };
    const { lossScale: initial } = options.configuration;
    this.#lossScale = origin.checkpoint?.state.lossScale ??
      (scalesLoss(parts.plan.precision) ? initialLossScale({ initial }) : undefined);
    this.#sums = origin.checkpoint?.state.epochSoFar ?? NO_STEPS;
  }

  #report(event: TrainEvent): void {
    this.#options.report?.(event);
  }

  /** Takes all steps that are left. */
  async finish(): Promise<TrainResult> {
    const { method: { manifest }, configuration, dataset } = this.#options;
    const { ranks, plan, method, record } = this.#parts;
    const { placement, precision, stepsPerEpoch, totalSteps } = plan;
    const { group } = ranks;
    const joint = group && {
      size: group.size,
      library: group.library,
      places: await ranks.places(placement.device),
    };
    const started: StartEvent = {
      kind: "start",
      method: manifest,
      ...(method.lossRange && { lossRange: method.lossRange }),
      configuration,
      device: placement.device,
      ...(joint && { ranks: joint }),
      precision,
      parameters: method.parameters,
      stepsPerEpoch,
      totalSteps,
      resumedAt: this.#taken,
      changes: this.#origin.changes,
      ...(dataset.coverage && { coverage: dataset.coverage }),
      uniformSpread: uniformSpread(method.embeddingWidth),
    };
    await record?.describeStart(started);
    this.#report(started);
    if (this.#taken === 0) await this.#evaluate(0);
    // A run from another one's checkpoint can itself be resumed from then on.
    else if (this.#saved === undefined) await this.#save();
    await this.#agree();
    while (this.#taken < totalSteps && !this.#stops) await this.#epoch();
    return {
      step: this.#taken,
      finished: this.#taken === totalSteps,
      checkpoint: this.#saved?.step === this.#taken ? this.#saved.path : await this.#save(),
      skipped: this.#skipped,
    };
  }

  /** Says, before an error ends all processes, what they can go on from. */
  sayWhereToResume(): void {
    const { path, step } = this.#saved ?? {};
    if (this.#parts.ranks.size === 1 || path === undefined) return;
    const message =
      `an error after step ${this.#taken} ends all processes; the last checkpoint is ${path}, of step ` +
      `${step}: go on from it with --resume latest`;
    this.#report({ kind: "warning", message });
  }

  /** Agrees with the other processes on what is next, and adds up what all have counted in the epoch. */
  async #agree(
    { skipped, waitSeconds }: Pick<EpochSums, "skipped" | "waitSeconds"> = NO_STEPS,
  ): Promise<AgreedState> {
    const { ranks, record } = this.#parts;
    const { signal } = this.#options;
    const stops = signal?.aborted ?? false;
    const isDue = record?.isDue() ?? false;
    const agreed = await ranks.agree({ stops, isDue, skipped, waitSeconds });
    if (agreed.stops && !this.#stops && ranks.size > 1) {
      const message = `stopping after this step, as rank ${agreed.stopping.join(", ")} was told to`;
      this.#report({ kind: "note", message });
    }
    this.#stops = agreed.stops;
    return agreed;
  }

  /** Takes the steps of the epoch that the run is in, from where it is. */
  async #epoch(): Promise<void> {
    const { configuration: { checkpointEvery } } = this.#options;
    const { ranks, plan: { stepsPerEpoch, totalSteps }, method, batches } = this.#parts;
    const epoch = Math.floor(this.#taken / stepsPerEpoch);
    const loader = batches.open(epoch, this.#taken % stepsPerEpoch);
    const [before, began] = [this.#sums, performance.now()];
    let agreed: Pick<AgreedState, "skipped" | "waitSeconds" | "isDue"> = {
      ...NO_STEPS,
      isDue: false,
    };
    const sum = ({ steps, loss }: { steps: number; loss: number }): EpochSums => ({
      steps,
      loss,
      seconds: before.seconds + (performance.now() - began) / 1000,
      waitSeconds: before.waitSeconds + agreed.waitSeconds,
      skipped: before.skipped + agreed.skipped,
    });
    for await (const batch of loader) {
      const loss = await this.#takeStep(batch, epoch);
      agreed = await this.#agree(loader.statistics);
      // The loss of a step that was skipped may be infinite.
      const isCounted = Number.isFinite(loss);
      this.#sums = sum({
        steps: this.#sums.steps + (isCounted ? 1 : 0),
        loss: this.#sums.loss + (isCounted ? loss : 0),
      });
      if (this.#stops) break;
      if (this.#taken % stepsPerEpoch > 0 && agreed.isDue) await this.#save();
    }
    this.#skipped += agreed.skipped;
    if (this.#taken % stepsPerEpoch > 0) return void await this.#save();
    const sums = sum(this.#sums);
    this.#sums = NO_STEPS;
    const done = epoch + 1;
    if (ranks.group !== undefined) await checkSameState(ranks.group, method.step, this.#taken);
    const memoryMegabytes = Deno.memoryUsage().rss / 1e6;
    const metrics = await this.#evaluate(done, { ...summarizeEpoch(sums), memoryMegabytes });
    const means = { ...sums, loss: sums.loss / sums.steps };
    this.#report({ kind: "epoch", epoch: done, step: this.#taken, ...means, metrics });
    const last = this.#taken === totalSteps;
    if (done % checkpointEvery === 0 || last || this.#stops || agreed.isDue) {
      await this.#save();
    }
  }

  async #takeStep(batch: ViewBatch, epoch: number): Promise<number> {
    const { ranks, plan, batches, record } = this.#parts;
    const lossScale = this.#lossScale;
    const scalars = {
      ...plan.scalars(this.#taken, lossScale?.skippedSteps),
      ...(lossScale && lossScaleScalars(lossScale)),
    };
    const began = performance.now();
    const { group } = ranks;
    const before = group?.statistics.seconds ?? 0;
    const placed = await this.#place(batch, epoch);
    const { seed } = this.#options.configuration;
    const result = await batches.run(scalars, { seed, step: this.#taken });
    this.#taken++;
    const isScaled = lossScale !== undefined && scalesLoss(plan.precision);
    if (isScaled) this.#lossScale = nextLossScale(lossScale, result.updated);
    const event: StepEvent = {
      kind: "step",
      step: this.#taken,
      epoch,
      learningRate: scalars["learning_rate"]!,
      seconds: (performance.now() - began) / 1000,
      ...(group && { communicationSeconds: group.statistics.seconds - before }),
      ...result,
      ...(isScaled && { lossScale: this.#lossScale! }),
      metrics: { ...result.metrics, ...placed },
    };
    record?.log.step(event);
    this.#report(event);
    // A step that ends the run is reported first: it is what one looks for afterwards.
    this.#guard.check(event);
    return result.loss;
  }

  /** Places a batch, and draws what is to be seen of it; scalars to log. */
  async #place(batch: ViewBatch, epoch: number): Promise<Readonly<Record<string, number>>> {
    const { configuration: { vis }, pairEncoder } = this.#options;
    const { plan: { stepsPerEpoch }, batches, record } = this.#parts;
    const isFirst = record !== undefined && this.#taken % stepsPerEpoch === 0;
    const count = isFirst && pairEncoder !== undefined ? vis : 0;
    // Which pairs have the most and the least weight shows when all are judged.
    const judged = count > 0 ? batch.indices.length : 0;
    const { metrics, judgement } = await batches.place(batch, judged);
    if (this.#taken === 0) await record?.drawViews(await batches.pictures(batch, SHOWN_IMAGES));
    if (isFirst && judged > 0 && judgement !== undefined && pairEncoder !== undefined) {
      const pictures = await batches.pictures(batch, judged);
      const [{ views: [first, second], ...similarities }] = judgement.pairs;
      const { network: { grid } } = pairEncoder;
      const pairs = extremePairs(
        {
          ...similarities,
          maps: judgement.maps,
          epoch,
          pictures: [pictures[first]!, pictures[second]!],
          grid,
        },
        count,
      );
      this.#report({ kind: "pairs", path: await record.drawPairs(this.#taken, pairs), ...pairs });
    }
    return metrics;
  }

  /** Asks for metrics where it is time to, and logs them with what is known of the epoch. */
  async #evaluate(
    epoch: number,
    known: Readonly<Record<string, number>> = {},
  ): Promise<Readonly<Record<string, number>>> {
    const { configuration: { evaluateEvery, epochs }, evaluate } = this.#options;
    const { ranks, plan: { backbone, placement }, method: { step }, record } = this.#parts;
    const due = evaluateEvery > 0 && (epoch % evaluateEvery === 0 || epoch === epochs);
    const { group } = ranks;
    if (group !== undefined) await shareStatistics(group, step);
    const metrics = due && evaluate !== undefined
      ? await evaluate({
        epoch,
        backbone,
        device: placement.device,
        weights: step.weights,
        ...(group && { group }),
      })
      : {};
    record?.log.epoch(this.#taken, epoch, { ...known, ...metrics });
    return metrics;
  }

  /** Saves a checkpoint: the first process does, and the others wait for it. */
  async #save(): Promise<string> {
    const { ranks, plan: { stepsPerEpoch }, method, record } = this.#parts;
    const epoch = Math.floor(this.#taken / stepsPerEpoch);
    const progress = { step: this.#taken, epoch, sums: this.#sums, lossScale: this.#lossScale };
    if (ranks.group !== undefined) await shareStatistics(ranks.group, method.step);
    const path = await ranks.fromLeader(() => record!.save(progress, method.step));
    this.#saved = { path, step: this.#taken };
    return path;
  }
}
