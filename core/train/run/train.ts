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
import { uniformSpread } from "../step/embedding_spread.ts";
import { type CompiledMethod, compileMethod } from "./compiled_method.ts";
import { NO_STEPS, summarizeEpoch } from "./epoch_sums.ts";
import { RunBatches } from "./run_batches.ts";
import { RunGuard } from "./run_guard.ts";
import { inRunFolder } from "./run_folder.ts";
import { findOrigin, type RunOrigin } from "./run_origin.ts";
import { planRun, type RunPlan } from "./run_plan.ts";
import { RunRecord } from "./run_record.ts";
import { extremePairs } from "./extreme_pairs.ts";
import type { TrainEvent } from "./train_event.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";

/**
 * Trains, and leaves in the output folder `configuration.json`, `steps.jsonl`, `epochs.jsonl`, TensorBoard events and
 * `checkpoints/`. A run that was stopped, or killed at any point, is resumed by `resume` as if it had never ended: on
 * the CPU bit for bit.
 *
 * @throws {TypeError} if the configuration does not fit the method or the checkpoint
 * @throws {RangeError} if the data set has fewer samples than a batch
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run and `resume` names no checkpoint of it
 * @throws {Deno.errors.AlreadyExists} at once if another process trains in the output folder
 * @throws {RangeError} if the checkpoint is not the last of its run in the output folder
 * @throws {GenviewError} if the system refuses, such as on a full disk
 * @throws {TrainingError} if the loss is NaN or infinite, or the embeddings collapse
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  return await inRunFolder(options, () => trainLocked(options));
}

/**
 * Trains as {@linkcode train} does, in a folder that the caller has locked.
 *
 * @throws what {@linkcode train} throws
 */
export async function trainLocked(options: TrainOptions): Promise<TrainResult> {
  using owned = new DisposableStack();
  const origin = await findOrigin(options);
  const plan = planRun(options);
  await trustDevice(plan.placement.device);
  const method = await compileMethod(options, plan, origin);
  owned.use(method.step);
  const batches = owned.use(await RunBatches.create(options, plan, method.step));
  const record = owned.use(await RunRecord.open(options, origin, method));
  for (const message of method.warnings) options.report?.({ kind: "warning", message });
  return await new Run(options, origin, { plan, method, batches, record }).finish();
}

/** Images of a run's first batch that are drawn, in all their views. */
const SHOWN_IMAGES = 8;

/** What is reported of a step. */
type StepEvent = Extract<TrainEvent, { readonly kind: "step" }>;

/** The parts of a run. */
interface RunParts {
  readonly plan: RunPlan;
  readonly method: CompiledMethod;
  readonly batches: RunBatches;
  readonly record: RunRecord;
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

  constructor(options: TrainOptions, origin: RunOrigin, parts: RunParts) {
    this.#options = options;
    this.#origin = origin;
    this.#parts = parts;
    this.#guard = new RunGuard(parts.method.embeddingWidth);
    this.#taken = origin.checkpoint?.state.step ?? 0;
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
    const { method: { manifest }, configuration, dataset, signal } = this.#options;
    const { plan, method, record } = this.#parts;
    const { placement, precision, stepsPerEpoch, totalSteps } = plan;
    this.#report({
      kind: "start",
      method: manifest,
      ...(method.lossRange && { lossRange: method.lossRange }),
      configuration,
      device: placement.device,
      precision,
      parameters: method.parameters,
      stepsPerEpoch,
      totalSteps,
      resumedAt: this.#taken,
      changes: this.#origin.changes,
      ...(dataset.coverage && { coverage: dataset.coverage }),
      uniformSpread: uniformSpread(method.embeddingWidth),
    });
    if (this.#taken === 0) await this.#evaluate(0);
    // A run from another one's checkpoint can itself be resumed from then on.
    else if (record.savedAt(this.#taken) === undefined) await this.#save();
    while (this.#taken < totalSteps && !signal?.aborted) await this.#epoch();
    return {
      step: this.#taken,
      finished: this.#taken === totalSteps,
      checkpoint: record.savedAt(this.#taken) ?? await this.#save(),
      skipped: this.#skipped,
    };
  }

  /** Takes the steps of the epoch that the run is in, from where it is. */
  async #epoch(): Promise<void> {
    const { configuration: { checkpointEvery }, signal } = this.#options;
    const { plan: { stepsPerEpoch, totalSteps }, batches, record } = this.#parts;
    const epoch = Math.floor(this.#taken / stepsPerEpoch);
    const loader = batches.open(epoch, this.#taken % stepsPerEpoch);
    const [before, began] = [this.#sums, performance.now()];
    const sum = ({ steps, loss }: { steps: number; loss: number }): EpochSums => ({
      steps,
      loss,
      seconds: before.seconds + (performance.now() - began) / 1000,
      waitSeconds: before.waitSeconds + loader.statistics.waitSeconds,
      skipped: before.skipped + loader.statistics.skipped,
    });
    for await (const batch of loader) {
      const loss = await this.#takeStep(batch, epoch);
      // The loss of a step that was skipped may be infinite.
      const isCounted = Number.isFinite(loss);
      this.#sums = sum({
        steps: this.#sums.steps + (isCounted ? 1 : 0),
        loss: this.#sums.loss + (isCounted ? loss : 0),
      });
      if (signal?.aborted) break;
      if (this.#taken % stepsPerEpoch > 0 && record.isDue()) await this.#save();
    }
    this.#skipped += loader.statistics.skipped;
    if (this.#taken % stepsPerEpoch > 0) return void await this.#save();
    const sums = sum(this.#sums);
    this.#sums = NO_STEPS;
    const done = epoch + 1;
    const metrics = await this.#evaluate(done, summarizeEpoch(sums));
    const means = { ...sums, loss: sums.loss / sums.steps };
    this.#report({ kind: "epoch", epoch: done, step: this.#taken, ...means, metrics });
    const last = this.#taken === totalSteps;
    if (done % checkpointEvery === 0 || last || signal?.aborted || record.isDue()) {
      await this.#save();
    }
  }

  async #takeStep(batch: ViewBatch, epoch: number): Promise<number> {
    const { plan, batches, record } = this.#parts;
    const lossScale = this.#lossScale;
    const scalars = {
      ...plan.scalars(this.#taken, lossScale?.skippedSteps),
      ...(lossScale && lossScaleScalars(lossScale)),
    };
    const began = performance.now();
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
      ...result,
      ...(isScaled && { lossScale: this.#lossScale! }),
      metrics: { ...result.metrics, ...placed },
    };
    record.log.step(event);
    this.#report(event);
    // A step that ends the run is reported first: it is what one looks for afterwards.
    this.#guard.check(event);
    return result.loss;
  }

  /** Places a batch, and draws what is to be seen of it; scalars to log. */
  async #place(batch: ViewBatch, epoch: number): Promise<Readonly<Record<string, number>>> {
    const { configuration: { vis }, pairEncoder } = this.#options;
    const { plan: { stepsPerEpoch }, batches, record } = this.#parts;
    const isFirst = this.#taken % stepsPerEpoch === 0;
    const count = isFirst && pairEncoder !== undefined ? vis : 0;
    // Which pairs have the most and the least weight shows when all are judged.
    const judged = count > 0 ? batch.indices.length : 0;
    const { metrics, judgement } = await batches.place(batch, judged);
    if (this.#taken === 0) await record.drawViews(await batches.pictures(batch, SHOWN_IMAGES));
    if (judged > 0 && judgement !== undefined && pairEncoder !== undefined) {
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
    const { plan: { backbone, placement }, method: { step }, record } = this.#parts;
    const due = evaluateEvery > 0 && (epoch % evaluateEvery === 0 || epoch === epochs);
    const metrics = due && evaluate !== undefined
      ? await evaluate({ epoch, backbone, device: placement.device, weights: step.weights })
      : {};
    record.log.epoch(this.#taken, epoch, { ...known, ...metrics });
    return metrics;
  }

  #save(): Promise<string> {
    const { plan: { stepsPerEpoch }, method, record } = this.#parts;
    const epoch = Math.floor(this.#taken / stepsPerEpoch);
    const progress = { step: this.#taken, epoch, sums: this.#sums, lossScale: this.#lossScale };
    return record.save(progress, method.step);
  }
}
