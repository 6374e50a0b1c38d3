/**
 * The training by which an image encoder's embedding keeps the layout of images.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { TrainedTower } from "../../encoders/export_image_encoder.ts";
import type { GraphTarget } from "../../engine/graph/target.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { weightsDigest } from "../../evaluate/weights_digest.ts";
import { gatherRows } from "../rows.ts";
import { buildStage, type BuiltStage, withAverages } from "./built_stage.ts";
import type { NetworkOptimization } from "./generator_configuration.ts";
import {
  LAYOUT_HEAD,
  LAYOUT_LOSS_RANGE,
  layoutLoss,
  type LayoutLossOptions,
  TEACHER,
} from "./layout_loss.ts";
import { layoutTargets } from "./layout_targets.ts";
import { runStage, type StageRunOptions } from "./stage_run.ts";
import { optimizationOf, stageScalars } from "./stage_schedule.ts";
import { TrainingImages } from "./training_images.ts";

/** How an image encoder learns layouts. */
export interface LayoutTraining extends NetworkOptimization {
  /** Height and width of a layout, in pixels. */
  readonly side: number;
  /** Times that each image is drawn for its layout. */
  readonly draws: number;
  /** Weight of how far the patches' tokens may move. */
  readonly tokenWeight: number;
  /** Names the order of the images, and the initial values of what tells layouts. */
  readonly seed: number;
}

/**
 * What is usual: layouts of 16 × 16 pixels and batches of 64. The rate and the decay of weights are those by which the embedded image
 * encoder is pretrained.
 */
export const LAYOUT_TRAINING: LayoutTraining = {
  ...{ side: 16, draws: 8, tokenWeight: 0.3, seed: 0 },
  ...{ batchSize: 64, steps: 8000, learningRate: 1e-3, warmupSteps: 100, weightDecay: 0.05 },
  ...{ clipGradientNorm: 3, averageDecay: 0.999 },
};

/** What is usual, with so many steps; the learning rate rises in a tenth of a short run. */
export function layoutTraining(steps: number, seed: number): LayoutTraining {
  const warmupSteps = Math.min(LAYOUT_TRAINING.warmupSteps, Math.floor(steps / 10));
  return { ...LAYOUT_TRAINING, steps, seed, warmupSteps };
}

/** What an image encoder learns layouts from. */
export interface TrainLayoutOptions
  extends
    Pick<StageRunOptions, "placement" | "replicas" | "checkpointMinutes" | "signal" | "report"> {
  /** Images; those that are rendered are rendered anew in each epoch if the data set does so. */
  readonly dataset: Dataset;
  /** Images whose layouts are told: the same things in the same order, such as in the middle and without a background of their own. */
  readonly layouts: Dataset;
  /** How it learns. */
  readonly training: LayoutTraining;
  /** Images that are known to be unreadable: why, by their source's name; those that are met are added. */
  readonly unreadable?: Map<string, string>;
}

/** What an image shows, by its identity or its name without the kind of file. */
function shown(dataset: Dataset, row: number): string {
  const { identity, key } = dataset.sample(row);
  return identity ?? key.replace(/\.[^./]*$/, "");
}

/** Refuses layouts that are not those of the images. */
function checkLayouts(layouts: Dataset, dataset: Dataset): void {
  const must =
    `Cannot learn layouts: the images of ${layouts.name} must be those of ${dataset.name}, in the same order; found`;
  if (layouts.length !== dataset.length) {
    throw new GenviewTypeError(`${must} ${layouts.length} and ${dataset.length}`);
  }
  for (let row = 0; row < dataset.length; row++) {
    const [own, wanted] = [shown(layouts, row), shown(dataset, row)];
    if (own !== wanted) throw new GenviewTypeError(`${must} ${own} for ${wanted}`);
  }
}

/** The step by which a tower learns layouts, beside the tower as it was, which stays so. */
export function layoutStage(options: LayoutLossOptions, training: LayoutTraining): BuiltStage {
  const isFrozen = (name: string) => name.startsWith(`${TEACHER}.`);
  return buildStage(layoutLoss(options), { ...optimizationOf(training, "float32"), isFrozen });
}

/** The parameters of a tower among those of the stage. */
function towerOf(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const others = [TEACHER, LAYOUT_HEAD].map((name) => `${name}.`);
  return new Map([...tensors].filter(([name]) => !others.some((start) => name.startsWith(start))));
}

/**
 * Trains a tower so that its class token tells the layout of images, and with it any embedding that is a projection of the class
 * token, while the tokens of the patches stay what they were. What a UNet draws by an embedding that tells what is where takes
 * far less training, since it need not learn by heart how each image looks whose embedding is no more than its name.
 *
 * @param folder of its checkpoints and logs
 * @returns the tower, once it is finished; undefined if it was stopped
 * @throws {RangeError} if there are fewer images than in a batch
 * @throws {TypeError} if the layouts are those of other images, or most images cannot be read
 * @throws what `runStage` throws
 */
export async function trainLayout(
  folder: string,
  tower: TrainedTower,
  options: TrainLayoutOptions,
): Promise<TrainedTower | undefined> {
  const { dataset, layouts, training, placement, replicas, checkpointMinutes, signal, report } =
    options;
  const { unreadable = new Map<string, string>() } = options;
  const { side, draws, tokenWeight, seed, batchSize, steps } = training;
  const { config, size, normalize } = tower;
  checkLayouts(layouts, dataset);
  const onWarning = (message: string) => report?.({ kind: "warning", message });
  const reading = { unreadable, onWarning };
  const targets = await layoutTargets(layouts, {
    ...{ side, draws, ...reading },
    ...(signal && { signal }),
    onProgress: (done, total) => report?.({ kind: "layouts", done, total }),
  });
  const images = new TrainingImages(dataset, {
    ...{ size, batchSize, seed, isTaken: targets.isKnown, ...reading },
  });
  if (images.batchesPerEpoch === 0) {
    throw new GenviewRangeError(
      `Cannot learn layouts from ${dataset.name}: it must have the ${batchSize} images of a batch, found ${dataset.length}`,
    );
  }
  const layoutWidth = targets.values.shape[1]!;
  const build = (target: GraphTarget, count: number) =>
    layoutStage({
      ...{ config, size, normalize, layoutWidth, tokenWeight, target },
      batchSize: count,
    }, training);
  const outcome = await runStage({
    ...{ placement, checkpointMinutes, folder, build, batchSize },
    ...(replicas !== undefined && { replicas }),
    ...(signal && { signal }),
    ...(report && { report }),
    name: "image encoder",
    precision: "float32",
    initial: (stage) => {
      const own = [...tower.tensors];
      const teacher = own.map(([name, value]) => [`${TEACHER}.${name}`, value] as const);
      return new Map([
        ...stage.initialize(seed),
        ...withAverages(new Map([...own, ...teacher])),
      ]);
    },
    configuration: {
      ...{ data: dataset.name, layouts: layouts.name, size, normalize, ...training },
      // A training goes on with the same tower alone.
      tower: weightsDigest(tower.tensors),
    },
    samples: dataset.length,
    stepsPerEpoch: images.batchesPerEpoch,
    totalSteps: steps,
    lossRange: LAYOUT_LOSS_RANGE,
    scalars: stageScalars(training),
    place: async (step, index) => {
      const batch = await images.batch(index);
      step.input("images", "uint8").write(batch.images);
      step.input("layouts", "float32").write(gatherRows(targets.values, batch.rows));
    },
  });
  return outcome.finished ? { ...tower, tensors: towerOf(outcome.averages) } : undefined;
}
