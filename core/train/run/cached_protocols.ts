/**
 * The protocols that judge features which are taken once, without augmentation.
 *
 * @module
 */
import { type BackboneFeatures, counterpartRetrieval } from "../../evaluate/evaluate_backbone.ts";
import {
  describeProbeRecipe,
  type NamedLinearProbeRecipe,
} from "../../evaluate/linear_probe_recipes.ts";
import { PROBE_MODE, probeBackbone } from "../../evaluate/probe_backbone.ts";
import type { EvaluationResult } from "../../evaluate/results.ts";
import { knnSweep } from "../../evaluate/weighted_knn.ts";
import type { EvaluationData } from "./evaluation_data.ts";
import type { FoundResult, ProtocolContext } from "./protocol_context.ts";

/** How many images of both sets the features are of. */
function counted(
  { bank, queries, sameImage }: BackboneFeatures,
  sets: EvaluationData,
): Pick<EvaluationResult, "train" | "test" | "overlap"> {
  const { heldOut } = sets;
  const count = (name: string, { indices, skipped }: BackboneFeatures["bank"]) => ({
    data: name,
    samples: indices.length,
    skipped,
  });
  return {
    overlap: sameImage.size,
    train: count(sets.bank.name, bank),
    test: {
      ...count(sets.queries.name, queries),
      ...(heldOut !== undefined && { heldOut }),
    },
  };
}

/** Classification by nearest neighbours, and retrieval where images have counterparts. */
export async function nearestNeighborResults(
  features: BackboneFeatures,
  { network: { threads }, data, options, group }: ProtocolContext,
): Promise<FoundResult[]> {
  const { bank, queries, sameImage, chance } = features;
  const { k, temperature, distance = "cosine" } = options;
  const sets = counted(features, data);
  const sweep = await knnSweep(bank, queries, {
    ...(k !== undefined && { k }),
    ...(temperature !== undefined && { temperature }),
    distance,
    threads,
    group,
    excluded: (query) => sameImage.get(query) ?? [],
  });
  const cosine = distance === "cosine";
  const found = sweep.map(({ k, temperature, top1, top5 }): FoundResult => ({
    protocol: "knn",
    name: cosine ? `kNN k=${k} T=${temperature}` : `kNN k=${k} Euclidean`,
    recipe: cosine
      ? `${k} nearest neighbours by cosine, each with the vote exp(cosine / ${temperature})`
      : `${k} nearest neighbours by Euclidean distance d, each with the vote 1/(d + 1e-5)`,
    figures: { top1, top5 },
    chance,
    ...sets,
  }));
  const retrieved = await counterpartRetrieval(features, data, { threads, group });
  if (retrieved === undefined) return found;
  const { forward, backward } = retrieved;
  return [...found, {
    protocol: "retrieval",
    name: "retrieval",
    recipe: "counterpart of each image in the other set by cosine",
    figures: {
      recallAt1: forward.recallAt1,
      recallAt5: forward.recallAt5,
      meanReciprocalRank: forward.meanReciprocalRank,
      backwardRecallAt1: backward.recallAt1,
      backwardRecallAt5: backward.recallAt5,
    },
    chance: {
      ...forward.chance,
      backwardRecallAt1: backward.chance.recallAt1,
      backwardRecallAt5: backward.chance.recallAt5,
    },
    ...sets,
  }];
}

/** A linear probe on features that were taken once, without augmentation. */
export async function cachedProbeResults(
  features: BackboneFeatures,
  { name, recipe }: NamedLinearProbeRecipe,
  { network: { threads }, data, options, group }: ProtocolContext,
): Promise<FoundResult[]> {
  const { seed, heldOutShare, onProbe } = options;
  const probed = await probeBackbone(features, {
    ...{ recipe, seed, threads, group },
    ...(heldOutShare !== undefined && { heldOutShare }),
    onEpoch: (epoch, loss) => onProbe(epoch + 1, recipe.epochs, loss),
  });
  const { train, test, overlap } = counted(features, data);
  const { top1, top5, chance, split, trained, tested, batchSize } = probed;
  const words = describeProbeRecipe(recipe, { batchSize, epochs: recipe.epochs });
  return [{
    protocol: "probe",
    name: `probe ${name} (cached)`,
    recipe: `linear classifier on ${PROBE_MODE}: ${words}`,
    figures: { top1, top5 },
    chance,
    overlap,
    split,
    train: { ...train, samples: trained },
    test: { ...test, samples: tested },
  }];
}
