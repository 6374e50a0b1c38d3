/**
 * Checkpoints of a training that takes hours, after each of its epochs: a training that was killed at any point goes on
 * from the last of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { GenviewTypeError } from "../errors/mod.ts";
import type { StepValues } from "../engine/step/mod.ts";
import type { DeviceTensor } from "../engine/ort/mod.ts";
import { deviceSources, saveCheckpoint } from "../weights/checkpoint/checkpoint.ts";
import { loadNewestCheckpoint, setAside } from "../weights/checkpoint/newest.ts";

/** What a training is, as plain data; it goes on only from checkpoints of the same. */
export type TrainingIdentity = Readonly<Record<string, unknown>>;

/** A short name of a training, the same for the same identity. */
export function identityDigest(identity: TrainingIdentity): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 8);
}

/** How {@linkcode EpochCheckpoints} are kept. */
export interface EpochCheckpointsOptions {
  /** Folder of the checkpoints. */
  readonly folder: string;
  /** What is trained, such as `linear` or `fine-tuning`. */
  readonly method: string;
  /** What determines the training. */
  readonly identity: TrainingIdentity;
  /** Configuration of the run whose network it is, so that the checkpoint opens as one of it. */
  readonly configuration: object;
}

/** Where a training stands after an epoch. */
export interface EpochProgress extends StepValues {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Mean loss of each of them. */
  readonly losses: readonly number[];
}

/** Name in a checkpoint's configuration of what the training is and of its losses. */
const TRAINING = "classifierTraining";

interface StoredTraining {
  readonly identity: TrainingIdentity;
  readonly losses: readonly number[];
}

/** The checkpoints of one training, of which the newest is kept. */
export class EpochCheckpoints {
  readonly #options: EpochCheckpointsOptions;

  /**
   * Nothing is read or written yet.
   *
   * @param options where they are kept, and of what they are
   */
  constructor(options: EpochCheckpointsOptions) {
    this.#options = options;
  }

  /**
   * The newest checkpoint that is whole; undefined before the first.
   *
   * @throws {TypeError} if it is of another training
   */
  async newest(): Promise<EpochProgress | undefined> {
    const { folder, identity } = this.#options;
    const found = await loadNewestCheckpoint(folder);
    if (found === undefined) return undefined;
    for (const damaged of found.passedOver) await setAside(damaged);
    const { state, model, optimizer } = found.checkpoint;
    const { [TRAINING]: training } = state.configuration as { [TRAINING]?: StoredTraining };
    if (training === undefined || identityDigest(training.identity) !== identityDigest(identity)) {
      throw new GenviewTypeError(
        `Cannot go on from ${found.path}: it must be a checkpoint of the same training, found another; remove it`,
      );
    }
    return { epoch: state.epoch, losses: training.losses, state: model, slots: optimizer };
  }

  /** Saves a checkpoint after an epoch, and removes the one before. */
  async save(
    { epoch, losses, step, samples }: {
      readonly epoch: number;
      readonly losses: readonly number[];
      readonly step: number;
      readonly samples: number;
    },
    { state, slots }: {
      readonly state: ReadonlyMap<string, DeviceTensor>;
      readonly slots: ReadonlyMap<string, DeviceTensor>;
    },
  ): Promise<void> {
    const { folder, method, identity, configuration } = this.#options;
    const training: StoredTraining = { identity, losses };
    await saveCheckpoint(folder, {
      state: {
        version: 1,
        method,
        step,
        epoch,
        samples,
        configuration: { ...configuration, [TRAINING]: training },
      },
      model: deviceSources(state),
      optimizer: deviceSources(slots),
    }, 1);
  }
}
