/**
 * What follows from a configuration and a data set before anything is compiled.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import { backbone as backboneOf } from "../../backbones/registry.ts";
import { viewRecipes } from "../../data/views/named_views.ts";
import type { Dataset } from "../../data/dataset.ts";
import { type ProcessGroup, rankPlacement } from "../../distributed/mod.ts";
import type { ViewRecipe } from "../../data/views/recipe.ts";
import { type Device, formatDevice, type Placement } from "../../engine/ort/mod.ts";
import type { Precision } from "../../engine/precision/mod.ts";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import { microBatchSize } from "../step/accumulation/accumulated_graph.ts";
import { rankBatchSize } from "../step/accumulation/parts.ts";
import { configuredVariations } from "./generated_views.ts";
import { resolvePrecision } from "./run_precision.ts";
import { runSchedules } from "./run_schedules.ts";
import type { TrainOptions } from "./train_options.ts";

/** What follows from a configuration and a data set. */
export interface RunPlan {
  readonly backbone: Backbone;
  /** Recipes of the views, in order. */
  readonly recipes: readonly ViewRecipe[];
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** The scalars that a step is fed, by the number of steps before it, and of those among them that were skipped. */
  readonly scalars: (step: number, skipped?: number) => Readonly<Record<string, number>>;
  readonly placement: Placement;
  /** Samples of each batch that this process takes: all of them, or those of one of several processes. */
  readonly rankBatchSize: number;
  /** What networks compute in. */
  readonly precision: Precision;
}

/** What a run is planned by. */
export interface PlannedRun extends Pick<TrainOptions, "configuration"> {
  /** The images that it trains on. */
  readonly dataset: Pick<Dataset, "name" | "length">;
  /** What weights its pairs, if anything does. */
  readonly pairEncoder?: unknown;
  /** The processes that train it, if there are several. */
  readonly group?: Pick<ProcessGroup, "size" | "localRank" | "localSize">;
}

/** The backbone that a configuration asks for; positions of a ViT are for its first view, and resampled for others. */
export function configuredBackbone(
  configuration: Pick<
    Configuration,
    "backbone" | "stem" | "zeroInitResidual" | "views" | "imageSize"
  >,
): Backbone {
  const { backbone, stem, zeroInitResidual } = configuration;
  const { size: imageSize } = viewRecipes(configuration)[0]!;
  return backboneOf(backbone, { stem, zeroInitResidual, imageSize });
}

/** Refuses CUDA graphs where there are none to capture. */
function checkCudaGraphs(device: Device, isAccumulated: boolean, size: number): void {
  if (device.provider === "cuda" && !isAccumulated && size === 1) return;
  const found = isAccumulated
    ? "--device-batch-size, by which gradients are accumulated"
    : device.provider === "cuda"
    ? `${size} processes, which speak to each other within the graphs`
    : formatDevice(device);
  throw new GenviewTypeError(
    `Cannot train with --cuda-graphs: it is for whole batches of one process on CUDA, found ${found}; leave it out`,
  );
}

/** Refuses a batch that processes cannot share, with those next to it that they could. */
function checkShares(batchSize: number, size: number): void {
  if (batchSize % size === 0) return;
  const below = Math.floor(batchSize / size) * size;
  const found = below > 0 ? `${below} or ${below + size}` : `${size}`;
  throw new GenviewRangeError(
    `Cannot train on ${size} processes: they must divide --batch-size, the images of a step of all of them together, ` +
      `found ${batchSize}; choose ${found}, or another number of processes`,
  );
}

/** What a configuration asks a network to do, wherever that is and on whichever images. */
export interface PlannedWork extends Pick<RunPlan, "backbone" | "recipes"> {
  /** Whether gradients are summed over parts of a batch. */
  readonly isAccumulated: boolean;
}

/**
 * Plans what of a run depends on neither data nor device.
 *
 * @param ranks processes that train it together
 * @throws {RangeError} if processes or micro-batches do not divide a batch, or a view of variations is none of the recipes
 * @throws {TypeError} if there is no such backbone or view recipe, or pairs are to be drawn that have no weights
 */
export function planWork(
  { configuration, pairEncoder }: Pick<PlannedRun, "configuration" | "pairEncoder">,
  ranks = 1,
): PlannedWork {
  const { batchSize, vis } = configuration;
  if (vis > 0 && pairEncoder === undefined) {
    throw new GenviewTypeError(
      `Cannot draw pairs with their weights: --vis needs --quality-encoder, found --vis ${vis} alone`,
    );
  }
  checkShares(batchSize, ranks);
  const isAccumulated = microBatchSize(configuration, ranks) !== undefined;
  const recipes = viewRecipes(configuration);
  configuredVariations(configuration, recipes);
  return { backbone: configuredBackbone(configuration), recipes, isAccumulated };
}

/**
 * Plans a run.
 *
 * @throws {RangeError} if the data set has fewer samples than a batch, processes or micro-batches do not divide one, or a
 * view of variations is none of the recipes
 * @throws {TypeError} if there is no such backbone, view recipe or device, the device has no such precision, CUDA graphs are
 * asked for elsewhere, or pairs are to be drawn that have no weights
 */
export function planRun(
  { configuration, dataset, pairEncoder, group }: PlannedRun,
): RunPlan {
  const { batchSize, epochs } = configuration;
  const size = group?.size ?? 1;
  const { backbone, recipes, isAccumulated } = planWork({ configuration, pairEncoder }, size);
  const stepsPerEpoch = Math.floor(dataset.length / batchSize);
  if (stepsPerEpoch < 1) {
    throw new GenviewRangeError(
      `Cannot train on "${dataset.name}": it must have at least as many samples as a batch (--batch-size ` +
        `${batchSize}), found ${dataset.length}`,
    );
  }
  const placement = rankPlacement(configuration, size > 1 ? group : undefined);
  const { device } = placement;
  if (configuration.cudaGraphs) checkCudaGraphs(device, isAccumulated, size);
  const totalSteps = stepsPerEpoch * epochs;
  return {
    backbone,
    recipes,
    stepsPerEpoch,
    totalSteps,
    scalars: runSchedules(configuration, { totalSteps, stepsPerEpoch }),
    placement,
    rankBatchSize: rankBatchSize(batchSize, size),
    precision: resolvePrecision(configuration, device),
  };
}
