/**
 * The protocols that train on augmented images: linear probes as they are published, and fine-tuning.
 *
 * @module
 */
import { counted } from "../../schema/counted.ts";
import { join } from "node:path";
import type { ProcessGroup } from "../../distributed/mod.ts";
import type { GraphTarget } from "../../engine/graph/target.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { augmentedProbe } from "../../evaluate/augmented_probe.ts";
import type {
  ClassifierResult,
  ClassifierTrainingOptions,
} from "../../evaluate/classifier_training.ts";
import { EpochCheckpoints, identityDigest } from "../../evaluate/epoch_checkpoints.ts";
import type { PlacedBackbone } from "../../evaluate/evaluate_backbone.ts";
import { fineTune } from "../../evaluate/fine_tune.ts";
import { describeFineTuning, fineTuningRecipe } from "../../evaluate/fine_tuning_recipes.ts";
import { labelledShare } from "../../evaluate/labelled_share.ts";
import {
  describeProbeRecipe,
  type NamedLinearProbeRecipe,
} from "../../evaluate/linear_probe_recipes.ts";
import type { Protocol } from "../../evaluate/protocols.ts";
import type { EvaluationResult } from "../../evaluate/results.ts";
import { supervisedData } from "../../evaluate/supervised_data.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { deviceTuning } from "../step/conv_autotune.ts";
import type { EvaluationData } from "./evaluation_data.ts";
import type {
  EvaluatedNetwork,
  FoundResult,
  ProtocolContext,
  ProtocolOptions,
} from "./protocol_context.ts";

/** The fine-tuning recipe that suits a network, where none is named. */
function defaultRecipe({ tensors }: EvaluatedNetwork): string {
  return tensors.has("backbone.cls_token") ? "vit" : "simclr";
}

/** What is changed of a recipe, as its name says it. */
function changes({ batchSize, epochs }: ProtocolOptions): string {
  return [
    ...(epochs === undefined ? [] : [counted(epochs, "epoch")]),
    ...(batchSize === undefined ? [] : [`batch ${batchSize}`]),
  ].map((change) => `, ${change}`).join("");
}

/** Trains with checkpoints in a folder of the run, which is locked meanwhile. */
async function inTraining<Result>(
  { network, data, common, options, group }: ProtocolContext,
  name: string,
  identity: Readonly<Record<string, unknown>>,
  train: (options: Omit<ClassifierTrainingOptions, "threads">) => Promise<Result>,
): Promise<Result> {
  const { batchSize, epochs, seed, strict, workers, onWarning, onTraining, onFeatures } = options;
  const { run, configuration, recipe: { size, normalize: { mean, std } } } = network;
  const { bank, queries, heldOut } = data;
  const { encoder, checkpoint: { step, weights }, classes } = common;
  const whole = {
    ...{ ...identity, batchSize, epochs, seed, encoder, step, weights, size, mean, std, classes },
    ...{ train: bank.name, test: queries.name, heldOut, samples: bank.length },
  };
  const called = `${name}-${encoder}-step-${step}`.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  const folder = run && join(run, "evaluations", `${called}-${identityDigest(whole)}`);
  const leads = group === undefined || group.rank === 0;
  using _lock = folder === undefined || !leads ? undefined : await FolderLock.acquire(folder);
  return await train({
    seed,
    strict,
    workers,
    group,
    ...(batchSize !== undefined && { batchSize }),
    ...(epochs !== undefined && { epochs }),
    onWarning,
    onProgress: (progress) => onTraining(name, progress),
    onTest: (done, total) => onFeatures({ set: "queries", data: queries.name, done, total }),
    ...(folder !== undefined && {
      checkpoints: new EpochCheckpoints({
        folder: join(folder, "checkpoints"),
        method: name,
        identity: whole,
        configuration,
        group,
      }),
    }),
  });
}

/** How many images a classifier was trained and tested on. */
function sampleCounts(
  { trained, tested, skipped }: ClassifierResult,
  { bank, queries, heldOut, overlap }: EvaluationData,
): Pick<EvaluationResult, "train" | "test" | "overlap"> {
  return {
    overlap: overlap.bankIndices.size,
    train: { data: bank.name, samples: trained, skipped: 0 },
    test: {
      ...{ data: queries.name, samples: tested, skipped },
      ...(heldOut !== undefined && { heldOut }),
    },
  };
}

/** A linear probe on augmented images. */
export async function linearProbeResults(
  placed: PlacedBackbone,
  { name: recipeName, recipe }: NamedLinearProbeRecipe,
  context: ProtocolContext,
): Promise<FoundResult[]> {
  const { network, options } = context;
  const { heldOutShare, seed } = options;
  const data = await supervisedData({
    ...context.data,
    seed,
    ...(heldOutShare !== undefined && { heldOutShare }),
  });
  const name = `linear ${recipe.letter} (${recipeName})${changes(options)}`;
  const found = await inTraining(
    context,
    name,
    { recipe },
    (training) =>
      augmentedProbe(placed, data, {
        ...training,
        threads: network.threads,
        recipe,
        evaluation: network.recipe,
      }),
  );
  const { top1, top5 } = found;
  return [{
    protocol: "linear",
    name,
    recipe: `linear classifier on the frozen backbone, random crops of 8 to 100 % and flips: ${
      describeProbeRecipe(recipe, found)
    }`,
    figures: { top1, top5 },
    chance: data.chance,
    split: data.split,
    ...sampleCounts(found, context.data),
  }];
}

/** What is tuned for a device; ranks take what the first finds, so that all build the same graph. */
async function sharedTuning(
  placement: Placement,
  group: ProcessGroup | undefined,
): Promise<GraphTarget> {
  if (group === undefined) return await deviceTuning(placement);
  const own = group.rank === 0 ? await deviceTuning(placement) : null;
  const [found] = await group.allGatherValues(own);
  return found!;
}

function keysOf(dataset: EvaluationData["bank"]): string[] {
  return Array.from({ length: dataset.length }, (_, index) => dataset.sample(index).key);
}

/** Fine-tuning of the whole network, with all labels or with a share of them. */
export async function fineTuningResults(
  protocol: Extract<Protocol, { kind: "semi" | "finetune" }>,
  context: ProtocolContext,
): Promise<FoundResult[]> {
  const { network, options } = context;
  const { kind, name: recipeName = defaultRecipe(network) } = protocol;
  const share = protocol.kind === "semi" ? protocol.share : 1;
  const { heldOutShare, seed, labelledList } = options;
  const recipe = fineTuningRecipe(recipeName, share);
  const choose = labelledList?.choose ??
    ((train: EvaluationData["bank"]) => labelledShare(train, { share, seed }));
  const data = await supervisedData({
    ...context.data,
    seed,
    ...(heldOutShare !== undefined && { heldOutShare }),
    ...(kind === "semi" && { labelled: choose }),
  });
  const percent = Number((100 * share).toPrecision(4));
  const listed = kind === "semi" && labelledList?.name !== undefined ? " by list" : "";
  const { deviceBatchSize } = options;
  const parts = deviceBatchSize === undefined ? "" : `, in parts of ${deviceBatchSize}`;
  const name = (kind === "semi" ? `${percent} % of labels${listed}` : "fine-tuning") +
    ` (${recipeName})${changes(options)}${parts}`;
  const { backbone, tensors, device, threads, recipe: evaluation } = network;
  const identity = {
    kind,
    recipe,
    share,
    deviceBatchSize,
    // What the list names, rather than its own name: it may have been edited.
    labelled: listed === "" ? undefined : identityDigest({ keys: keysOf(data.train) }),
  };
  const found = await inTraining(
    context,
    name,
    identity,
    async (training) =>
      await fineTune({ backbone, tensors, device, threads }, data, {
        ...training,
        ...(deviceBatchSize !== undefined && { deviceBatchSize }),
        recipe,
        evaluation,
        target: await sharedTuning({ device, threads }, context.group),
      }),
  );
  const { top1, top5 } = found;
  const chosen = listed === ""
    ? `${percent} % of the labels of each class, drawn by seed`
    : `the labels of the images in ${labelledList?.name}`;
  const { train, ...counts } = sampleCounts(found, context.data);
  return [{
    protocol: kind,
    name,
    recipe: `whole network, on ${
      kind === "semi" ? chosen : "all labels"
    }, random crops of 8 to 100 % and flips, batch norms in training mode: ${
      describeFineTuning(recipe, found)
    }`,
    figures: { top1, top5 },
    chance: data.chance,
    split: data.split,
    train: {
      ...train,
      ...(kind === "semi" && { share: train.samples / context.data.bank.length }),
    },
    ...counts,
  }];
}
