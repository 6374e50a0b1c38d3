/**
 * The backbone of a run, read from its folder.
 *
 * @module
 */
import { join } from "node:path";
import type { BackboneSpec } from "../backbones/backbone.ts";
import { backbone } from "../backbones/registry.ts";
import { viewRecipes } from "../data/views/named_views.ts";
import type { Normalization } from "../data/views/recipe.ts";
import type { Views } from "../data/views/view_preset.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { type DamagedCheckpoint, loadNewestCheckpoint } from "../weights/checkpoint/newest.ts";
import type { EncoderRole } from "../weights/layouts/layouts.ts";
import { loadCheckpointState } from "../weights/checkpoint/state.ts";
import { openBackboneWeights } from "./backbone_weights.ts";

/** A backbone as a run has trained it. */
export interface TrainedBackbone {
  /** The network, built as the run's configuration says. */
  readonly spec: BackboneSpec;
  /** Its parameters and buffers, under its own names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Height and width of the images of training, in pixels. */
  readonly size: number;
  /** Statistics with which they were normalised. */
  readonly normalize: Normalization;
  /** Steps that were taken. */
  readonly step: number;
  /** Folder of the checkpoint. */
  readonly folder: string;
  /** Newer checkpoints of the run that are damaged. */
  readonly passedOver: readonly DamagedCheckpoint[];
}

/** What a run's configuration says of its backbone. */
interface BackboneConfiguration {
  readonly backbone: string;
  readonly stem: "imagenet" | "small";
  readonly zeroInitResidual: boolean;
  readonly imageSize: number;
  readonly views: Views;
}

/**
 * Reads the backbone of a run.
 *
 * @param path the run's folder, whose newest whole checkpoint is taken, or that of a checkpoint
 * @param encoder which of its encoders: the trained one, or its moving average, which not every method has
 * @throws {Deno.errors.NotFound} if it is neither
 * @throws {GenviewError} if all checkpoints of the run are damaged
 * @throws {TypeError} if the checkpoint does not hold the backbone that its configuration names, or no such encoder
 */
export async function openTrainedBackbone(
  path: string,
  encoder: EncoderRole = "online",
): Promise<TrainedBackbone> {
  const newest = await loadNewestCheckpoint(join(path, "checkpoints"));
  const folder = newest?.path ?? path;
  const { step, configuration } = newest?.checkpoint.state ?? await loadCheckpointState(folder);
  const trained = configuration as BackboneConfiguration;
  const { stem, zeroInitResidual } = trained;
  const { normalize, size } = viewRecipes(trained)[0]!;
  const spec = backbone(trained.backbone, { stem, zeroInitResidual, imageSize: size });
  const { tensors } = await openBackboneWeights(folder, spec, { size, encoder });
  return { spec, tensors, size, normalize, step, folder, passedOver: newest?.passedOver ?? [] };
}
