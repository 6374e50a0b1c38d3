/**
 * What the protocols of an evaluation are given.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import type { EvaluationRecipe } from "../../data/views/recipe.ts";
import type { ProcessGroup } from "../../distributed/mod.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import type { ClassifierProgress } from "../../evaluate/classifier_training.ts";
import type { FeatureProgress } from "../../evaluate/evaluate_backbone.ts";
import type { EvaluationResult } from "../../evaluate/results.ts";
import type { FeatureDistance } from "../../evaluate/similarities.ts";
import type { EvaluationData } from "./evaluation_data.ts";

/** How the protocols go about it. */
export interface ProtocolOptions {
  readonly k?: readonly number[];
  readonly temperature?: readonly number[];
  readonly distance?: FeatureDistance;
  readonly heldOutShare?: number;
  /** The images whose labels `semi` uses, in the place of a drawn share. */
  readonly labelledList?: {
    readonly name: string;
    readonly choose: (train: EvaluationData["bank"]) => readonly number[];
  };
  readonly batchSize?: number;
  readonly deviceBatchSize?: number;
  readonly epochs?: number;
  readonly seed: number;
  readonly strict: boolean;
  readonly workers: number;
  readonly onWarning: (message: string) => void;
  readonly onFeatures: (progress: FeatureProgress) => void;
  readonly onProbe: (done: number, total: number, loss: number) => void;
  readonly onTraining: (name: string, progress: ClassifierProgress) => void;
}

/** What is evaluated. */
export interface EvaluatedNetwork extends Placement {
  readonly backbone: Backbone;
  /** Parameters and buffers by full name, such as `backbone.conv1.weight`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** How test images are cut. */
  readonly recipe: EvaluationRecipe;
  /** Folder of the run that trainings leave their checkpoints in; without one they leave none. */
  readonly run?: string | undefined;
  /** Configuration of the run. */
  readonly configuration: object;
}

/** What the results of all protocols have in common. */
export type CommonResult = Pick<EvaluationResult, "encoder" | "checkpoint" | "classes">;

/** What a protocol finds by itself. */
export type FoundResult = Omit<
  EvaluationResult,
  keyof CommonResult | "at" | "device" | "seed" | "imageSize" | "normalize"
>;

/** All that a protocol is given. */
export interface ProtocolContext {
  readonly network: EvaluatedNetwork;
  readonly data: EvaluationData;
  readonly common: CommonResult;
  readonly options: ProtocolOptions;
  /** Ranks that evaluate together. */
  readonly group?: ProcessGroup | undefined;
}
