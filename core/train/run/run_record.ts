/**
 * What a run leaves in its folder: its description, its logs and its checkpoints.
 *
 * @module
 */
import { join, resolve } from "node:path";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { LossScale } from "../../engine/optim/mod.ts";
import { writeNewFile, writeNewFileInFolder } from "../../files/new_file.ts";
import { deviceSources, saveCheckpoint } from "../../weights/checkpoint/checkpoint.ts";
import { setAside } from "../../weights/checkpoint/newest.ts";
import type { CheckpointState, EpochSums } from "../../weights/checkpoint/state.ts";
import { RunLog } from "../log/run_log.ts";
import type { TrainingStep } from "../step/training_step.ts";
import type { CompiledMethod } from "./compiled_method.ts";
import { methodChanges, type MethodRecord, recordMethod } from "./method_record.ts";
import { readDescription } from "./run_description.ts";
import { drawPairs, drawViews } from "./pairs_picture.ts";
import { pairsPaths, recordPairs } from "./pairs_record.ts";
import type { RunOrigin } from "./run_origin.ts";
import type { JudgedPairs } from "./train_event.ts";
import { describeStart, writeStart } from "./run_start.ts";
import type { TrainOptions } from "./train_options.ts";

/** How far a run has come. */
export interface RunProgress {
  /** Steps that were taken. */
  readonly step: number;
  /** Whole epochs that were finished. */
  readonly epoch: number;
  /** Running sums of the epoch that is under way. */
  readonly sums: EpochSums;
  /** The scale of the loss, where it is scaled. */
  readonly lossScale?: LossScale | undefined;
}

/** What all checkpoints of a run say alike. */
type RunFacts = MethodRecord & Pick<CheckpointState, "configuration" | "ranks" | "tuning">;

const MILLISECONDS_PER_MINUTE = 60_000;

/** The description, logs and checkpoints of a run. */
export class RunRecord implements Disposable {
  /** The logs. */
  readonly log: RunLog;
  readonly #options: TrainOptions;
  readonly #facts: RunFacts;
  #savedTime = performance.now();

  private constructor(log: RunLog, options: TrainOptions, facts: RunFacts) {
    this.log = log;
    this.#options = options;
    this.#facts = facts;
  }

  /**
   * Describes the run, and starts its logs or takes them up after the step at which it is resumed. Damaged checkpoints
   * make room for new ones of their steps.
   *
   * @throws {Deno.errors.AlreadyExists} if the folder holds a run that is not resumed
   * @throws {GenviewError} if the system refuses, such as on a full disk
   */
  static async open(
    options: TrainOptions,
    origin: RunOrigin,
    { tuning }: Pick<CompiledMethod, "tuning">,
  ): Promise<RunRecord> {
    const { method, configuration, output, report } = options;
    const { resumes, checkpoint, changes, passedOver } = origin;
    const recorded = recordMethod(method);
    const { manifestSha256: _manifest, ...described } = recorded;
    const before = checkpoint?.state ?? (resumes ? await readDescription(output) : {});
    const ranks = options.group?.size ?? 1;
    using owned = new DisposableStack();
    const log = owned.use(
      await RunLog.open(output, {
        ...described,
        configuration,
        ...(ranks > 1 && { ranks }),
        ...(options.from !== undefined && { from: options.from }),
        ...(options.fromHeads !== undefined && { fromHeads: options.fromHeads }),
        ...(!resumes && options.resume !== undefined && { startedFrom: resolve(options.resume) }),
        changes,
      }, resumes ? { resumedAt: checkpoint?.state.step ?? 0 } : {}),
    );
    for (const damaged of passedOver) {
      const aside = await setAside(damaged);
      const message = `Passed over a checkpoint, now ${aside}: ${damaged.reason}`;
      report?.({ kind: "warning", message });
    }
    for (const message of log.warnings) report?.({ kind: "warning", message });
    for (const message of methodChanges(before, recorded, method.manifest.title)) {
      report?.({ kind: "warning", message });
    }
    owned.move();
    return new RunRecord(log, options, { ...recorded, configuration, ranks, tuning });
  }

  /** Writes what is known as the first step is about to be taken. */
  async describeStart(event: Parameters<typeof describeStart>[0]): Promise<void> {
    await writeStart(this.#options.output, describeStart(event));
  }

  /** Draws the first images of the run's first batch into its logs. */
  async drawViews(views: readonly Tensor<"uint8">[]): Promise<void> {
    this.log.image(0, "train/views", await drawViews(views));
  }

  /**
   * Draws pairs into `pairs/` and into the logs, and records their numbers beside the picture.
   *
   * @param step steps that were taken before
   * @returns path of the PNG file
   */
  async drawPairs(step: number, pairs: JudgedPairs): Promise<string> {
    const { picture, record } = pairsPaths(this.#options.output, pairs.epoch);
    const png = await drawPairs(pairs);
    // A run that is resumed from a checkpoint before this epoch draws the same pairs again.
    await writeNewFileInFolder(picture, png, { overwrite: true });
    await writeNewFile(record, JSON.stringify(recordPairs(pairs)) + "\n", { overwrite: true });
    this.log.image(step, "train/pairs", png);
    return picture;
  }

  /** Whether so much time has gone by since the last checkpoint that the next one is due within the epoch. */
  isDue(): boolean {
    const { checkpointMinutes } = this.#options.configuration;
    const minutes = (performance.now() - this.#savedTime) / MILLISECONDS_PER_MINUTE;
    return checkpointMinutes > 0 && minutes >= checkpointMinutes;
  }

  /**
   * Saves a checkpoint.
   *
   * @returns its path
   */
  async save(
    { step, epoch, sums, lossScale }: RunProgress,
    { weights, slots }: Pick<TrainingStep, "weights" | "slots">,
  ): Promise<string> {
    const { configuration, dataset, output, report } = this.#options;
    await this.log.sync();
    const path = await saveCheckpoint(join(output, "checkpoints"), {
      state: {
        version: 1,
        ...this.#facts,
        step,
        epoch,
        samples: dataset.length,
        ...(lossScale && { lossScale }),
        ...(sums.steps > 0 && { epochSoFar: sums }),
      },
      model: deviceSources(weights),
      optimizer: deviceSources(slots),
    }, configuration.keepCheckpoints);
    this.#savedTime = performance.now();
    report?.({ kind: "checkpoint", path, step });
    return path;
  }

  /** Closes the logs. */
  [Symbol.dispose](): void {
    this.log[Symbol.dispose]();
  }
}
