/**
 * The run of one stage of a generator's training: steps, logs and checkpoints, resumed as if it had never ended.
 *
 * @module
 */
import { join } from "node:path";
import type { GraphTarget } from "../../engine/graph/target.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import {
  initialLossScale,
  type LossScale,
  lossScaleScalars,
  nextLossScale,
} from "../../engine/optim/mod.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { scalesLoss } from "../../engine/step/step_precision.ts";
import type { Precision } from "../../engine/precision/precision.ts";
import type { LossRange } from "../../method/manifest.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { JsonLinesLog } from "../../files/json_lines.ts";
import { makeFolder } from "../../files/new_file.ts";
import { deviceSources, saveCheckpoint } from "../../weights/checkpoint/checkpoint.ts";
import { loadNewestCheckpoint, setAside } from "../../weights/checkpoint/newest.ts";
import type { CheckpointState, EpochSums } from "../../weights/checkpoint/state.ts";
import { TensorBoardLog } from "../../train/log/tensorboard.ts";
import { checkFinite } from "../../train/run/run_guard.ts";
import { describeEnvironment, writeStart } from "../../train/run/run_start.ts";
import { deviceTuning } from "../../train/step/conv_autotune.ts";
import { averagesIn, type BuiltStage } from "./built_stage.ts";
import {
  type BatchInputs,
  checkReplicas,
  openStageStep,
  type StageStep,
} from "./replicated_step.ts";
import type { StageEvent, TrainedNetwork } from "./stage_event.ts";

/** What a stage measures after an epoch. */
export interface StageMeasures {
  /** Numbers by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** A picture as a PNG file's bytes, if there is one. */
  readonly picture?: Uint8Array;
}

/** One stage's run. */
export interface StageRunOptions {
  /** What is trained. */
  readonly name: TrainedNetwork;
  /** Folder of its checkpoints and logs. */
  readonly folder: string;
  /** Builds the step for a target and the images that it takes at once; not called where all steps were taken before. */
  readonly build: (target: GraphTarget, batchSize: number) => BuiltStage;
  /** What the run starts from: parameters and their averages. */
  readonly initial: (stage: BuiltStage) => ReadonlyMap<string, Tensor>;
  /** All that determines the stage; a checkpoint of another configuration is refused. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Samples of an epoch's data. */
  readonly samples: number;
  /** Samples of a batch. */
  readonly batchSize: number;
  /** Steps of each pass over the data. */
  readonly stepsPerEpoch: number;
  /** Steps in all. */
  readonly totalSteps: number;
  /** What the loss is expected to be, where that is known. */
  readonly lossRange?: LossRange;
  /** The update's scalars at a step, after some steps that were skipped. */
  readonly scalars: (step: number, skipped: number) => Readonly<Record<string, number>>;
  /** Writes the batch of a step. */
  readonly place: (step: BatchInputs, index: number) => Promise<void>;
  /** Measures after an epoch of some, by the averages of the parameters. */
  readonly measure?: (
    averages: ReadonlyMap<string, Tensor>,
    epoch: number,
    epochs: number,
  ) => Promise<StageMeasures>;
  /** Where and how it runs. */
  readonly placement: Placement;
  /** Replicas that take each step together on the cores of a CPU (default 1). */
  readonly replicas?: number;
  /** What the step computes in. */
  readonly precision: Precision;
  /** Minutes between checkpoints. */
  readonly checkpointMinutes: number;
  /** Stops the run after the present step, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Takes what happens. */
  readonly report?: (event: StageEvent) => void;
}

/** What became of a stage's run. */
export interface StageOutcome {
  /** Whether all steps were taken. */
  readonly finished: boolean;
  /** Steps that were taken. */
  readonly step: number;
  /** The averages of the parameters, under the parameters' names. */
  readonly averages: ReadonlyMap<string, Tensor>;
}

/** Checkpoints that are kept. */
const KEPT = 2;

const NOTHING: EpochSums = { steps: 0, loss: 0, seconds: 0, waitSeconds: 0, skipped: 0 };

/** The state of a stage's checkpoint, if there is one that fits. */
async function resumed(options: StageRunOptions) {
  const { folder, name, configuration, report } = options;
  const newest = await loadNewestCheckpoint(join(folder, "checkpoints"));
  if (newest === undefined) return undefined;
  for (const damaged of newest.passedOver) {
    const aside = await setAside(damaged);
    const message = `passed over a checkpoint, now ${aside}: ${damaged.reason}`;
    report?.({ kind: "warning", message });
  }
  const { checkpoint, path } = newest;
  const before = checkpoint.state.configuration as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(before), ...Object.keys(configuration)])];
  const show = (value: unknown) => JSON.stringify(value) ?? "nothing";
  const changed = names.filter((key) => show(before[key]) !== show(configuration[key]));
  if (changed.length > 0) {
    throw new GenviewTypeError(
      `Cannot resume the ${name} from ${path}: it must be of the same configuration, found ` +
        changed.map((key) =>
          `"${key}" ${show(configuration[key])} where it was ${show(before[key])}`
        ).join("; ") + "; choose another output folder for another configuration",
    );
  }
  return checkpoint;
}

function fromHost(tensors: ReadonlyMap<string, { read(): Tensor }>): Map<string, Tensor> {
  return new Map([...tensors].map(([name, value]) => [name, value.read()]));
}

/** One run in progress. */
class StageRun {
  readonly #options: StageRunOptions;
  readonly #step: StageStep;
  readonly #steps: JsonLinesLog;
  readonly #epochs: JsonLinesLog;
  readonly #tensorBoard: TensorBoardLog;
  #taken: number;
  #saved: number | undefined;
  #savedTime = performance.now();
  #sums: EpochSums;
  #lossScale: LossScale | undefined;

  constructor(
    options: StageRunOptions,
    state: CheckpointState | undefined,
    step: StageStep,
    logs: readonly [steps: JsonLinesLog, epochs: JsonLinesLog, tensorBoard: TensorBoardLog],
  ) {
    this.#options = options;
    this.#step = step;
    [this.#steps, this.#epochs, this.#tensorBoard] = logs;
    this.#taken = state?.step ?? 0;
    this.#saved = state?.step;
    this.#sums = state?.epochSoFar ?? NOTHING;
    this.#lossScale = state?.lossScale ??
      (scalesLoss(options.precision) ? initialLossScale() : undefined);
  }

  async finish(): Promise<StageOutcome> {
    const { totalSteps, stepsPerEpoch, signal, checkpointMinutes } = this.#options;
    while (this.#taken < totalSteps && !signal?.aborted) {
      await this.#takeStep();
      if (this.#taken % stepsPerEpoch === 0 || this.#taken === totalSteps) await this.#endEpoch();
      const minutes = (performance.now() - this.#savedTime) / 60_000;
      if (minutes >= checkpointMinutes) await this.#save();
    }
    if (this.#saved !== this.#taken) await this.#save();
    const finished = this.#taken === totalSteps;
    return { finished, step: this.#taken, averages: this.#averages() };
  }

  #averages(): Map<string, Tensor> {
    return averagesIn(fromHost(this.#step.state));
  }

  async #takeStep(): Promise<void> {
    const { name, scalars, place, batchSize, report } = this.#options;
    const began = performance.now();
    await place(this.#step, this.#taken);
    const lossScale = this.#lossScale;
    const given = {
      ...scalars(this.#taken, lossScale?.skippedSteps ?? 0),
      ...(lossScale && lossScaleScalars(lossScale)),
    };
    const { loss, updated, outputs, measures } = await this.#step.run(given);
    this.#taken++;
    if (lossScale !== undefined) this.#lossScale = nextLossScale(lossScale, updated);
    const seconds = (performance.now() - began) / 1000;
    const { steps, loss: sum, seconds: before, ...others } = this.#sums;
    this.#sums = updated
      ? { ...others, steps: steps + 1, loss: sum + loss, seconds: before + seconds }
      : { ...this.#sums, seconds: before + seconds };
    const gradientNorm = measures["gradient_norm"] ?? NaN;
    const record = {
      loss,
      gradientNorm,
      learningRate: given["learning_rate"]!,
      seconds,
      ...(lossScale && { lossScale: lossScale.scale, skippedSteps: lossScale.skippedSteps }),
      ...outputs,
    };
    this.#steps.write({ step: this.#taken, ...record });
    this.#tensorBoard.scalars(
      this.#taken,
      Object.fromEntries(
        Object.entries(record).map(([key, value]) => [`${name}/${key}`, value]),
      ),
    );
    report?.({
      kind: "step",
      stage: name,
      step: this.#taken,
      loss,
      imagesPerSecond: batchSize / seconds,
    });
    const after = { ...(this.#lossScale && { lossScale: this.#lossScale }) };
    checkFinite(
      { step: this.#taken, loss, gradientNorm, updated, ...after },
      `the training of the ${name}`,
      `a lower learningRate, more warmupSteps or a clipGradientNorm of 1 of "${name}" in another run's configuration; the last ` +
        "checkpoint of this one is from before this step",
    );
  }

  async #endEpoch(): Promise<void> {
    const { name, stepsPerEpoch, totalSteps, measure, report } = this.#options;
    const epochs = Math.ceil(totalSteps / stepsPerEpoch);
    const epoch = Math.ceil(this.#taken / stepsPerEpoch);
    const { steps, loss, seconds } = this.#sums;
    this.#sums = NOTHING;
    const measured = await measure?.(this.#averages(), epoch, epochs);
    const metrics = { loss: loss / steps, seconds, ...measured?.metrics };
    this.#epochs.write({ step: this.#taken, epoch, ...metrics });
    this.#tensorBoard.scalars(
      this.#taken,
      Object.fromEntries(
        Object.entries(metrics).map(([key, value]) => [`${name}_epoch/${key}`, value]),
      ),
    );
    if (measured?.picture) {
      this.#tensorBoard.image(this.#taken, `${name}/samples`, measured.picture);
    }
    report?.({ kind: "epoch", stage: name, epoch, metrics });
  }

  async #save(): Promise<void> {
    const { name, folder, samples, stepsPerEpoch, configuration } = this.#options;
    await this.#steps.sync();
    await this.#epochs.sync();
    await saveCheckpoint(join(folder, "checkpoints"), {
      state: {
        version: 1,
        method: `generator/${name}`,
        step: this.#taken,
        epoch: Math.floor(this.#taken / stepsPerEpoch),
        samples,
        configuration,
        ...(this.#sums.steps > 0 && { epochSoFar: this.#sums }),
        ...(this.#lossScale && { lossScale: this.#lossScale }),
      },
      model: deviceSources(this.#step.state),
      optimizer: deviceSources(this.#step.slots),
    }, KEPT);
    this.#saved = this.#taken;
    this.#savedTime = performance.now();
  }
}

/**
 * Takes all steps of a stage that are left, and leaves `start.json`, `steps.jsonl`, `epochs.jsonl`, TensorBoard events and
 * `checkpoints/` in its folder. A run that was stopped, or killed at any point, goes on from its newest whole checkpoint: on a CPU of
 * the same kind bit for bit as if it had never ended.
 *
 * @throws {TypeError} if the folder holds a checkpoint of another configuration
 * @throws {RangeError} if replicas cannot share a batch equally
 * @throws {TrainingError} if the loss or the gradient is not finite
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function runStage(options: StageRunOptions): Promise<StageOutcome> {
  using owned = new DisposableStack();
  const { name, folder, placement, replicas = 1, batchSize, precision } = options;
  const { stepsPerEpoch, totalSteps, lossRange, report } = options;
  const sharing = { placement, replicas };
  checkReplicas(batchSize, sharing);
  await makeFolder(folder);
  const checkpoint = await resumed(options);
  if (checkpoint?.state.step === totalSteps) {
    return { finished: true, step: totalSteps, averages: averagesIn(checkpoint.model) };
  }
  const target = { ...await deviceTuning(placement), ranks: replicas };
  const stage = options.build(target, batchSize / replicas);
  const step = owned.use(
    await openStageStep(
      stage.step,
      sharing,
      checkpoint === undefined
        ? { state: options.initial(stage) }
        : { state: checkpoint.model, slots: checkpoint.optimizer },
    ),
  );
  const resumedAt = checkpoint?.state.step ?? 0;
  const resume = { resumeAt: resumedAt + 1 };
  const steps = owned.use(await JsonLinesLog.open(join(folder, "steps.jsonl"), resume));
  const epochs = owned.use(await JsonLinesLog.open(join(folder, "epochs.jsonl"), resume));
  const tensorBoard = owned.use(new TensorBoardLog(join(folder, "tensorboard"), resume));
  const parameters = stage.parameters.reduce(
    (sum, parameter) => sum + step.state.get(parameter)!.type.shape.reduce((a, b) => a * b, 1),
    0,
  );
  await writeStart(folder, {
    version: 1,
    at: new Date().toISOString(),
    ...{ resumedAt, stepsPerEpoch, totalSteps, parameters, precision },
    ...(lossRange && { lossRange }),
    title: `${name} of a generator`,
    environment: describeEnvironment(placement.device, precision),
  });
  const expected = lossRange && { lossRange };
  report?.({ kind: "start", stage: name, parameters, totalSteps, resumedAt, ...expected });
  const logs = [steps, epochs, tensorBoard] as const;
  return await new StageRun(options, checkpoint?.state, step, logs).finish();
}
