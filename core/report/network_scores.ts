/**
 * What networks can do, as reports compare it: nearest neighbours, a linear probe and retrieval on labelled images.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { type Device, DeviceTensor } from "../engine/ort/mod.ts";
import { configuredRecipe } from "../evaluate/configured_evaluation.ts";
import {
  type BackboneScores,
  evaluateBackbone,
  evaluatePixels,
} from "../evaluate/evaluate_backbone.ts";
import { probeBackbone, type ProbeScores } from "../evaluate/probe_backbone.ts";
import type { Configuration } from "../method/configuration.ts";
import { configuredBackbone } from "../train/run/run_plan.ts";

/** What a network can do. */
export interface NetworkScores {
  /** Nearest neighbours and retrieval. */
  readonly features: BackboneScores;
  /** A linear classifier on its features. */
  readonly probe: ProbeScores;
}

/** What networks are scored on, and where. */
export interface ScoredData {
  /** The configuration of the run, which says backbone, views and threads. */
  readonly configuration: Configuration;
  /** Labelled images that vote and train the probe. */
  readonly bank: Dataset;
  /** Labelled images that are classified. */
  readonly queries: Dataset;
  /** Where to compute. */
  readonly device: Device;
}

/**
 * Scores a run's backbone by its weights.
 *
 * @param weights parameters and buffers by full name, such as `backbone.conv1.weight`; others are left alone
 * @throws {TypeError} if the data sets cannot be compared
 */
export async function scoreNetwork(
  weights: ReadonlyMap<string, Tensor>,
  { configuration, bank, queries, device }: ScoredData,
): Promise<NetworkScores> {
  using owned = new DisposableStack();
  const placed = new Map(
    [...weights].filter(([name]) => name.startsWith("backbone.")).map(([name, value]) =>
      [name, owned.use(DeviceTensor.from(value, device))] as const
    ),
  );
  const { threads } = configuration;
  const features = await evaluateBackbone(
    { backbone: configuredBackbone(configuration), device, weights: placed },
    { bank, queries, recipe: configuredRecipe(configuration), threads },
  );
  return { features, probe: await probeBackbone(features, { threads }) };
}

/** Scores the pixels of images as they are, cut as for the run, in the place of a network's features. */
export async function scorePixels(
  { configuration, bank, queries }: Omit<ScoredData, "device">,
): Promise<NetworkScores> {
  const { threads } = configuration;
  const recipe = configuredRecipe(configuration);
  const features = await evaluatePixels({ bank, queries, recipe, threads });
  return { features, probe: await probeBackbone(features, { threads }) };
}
