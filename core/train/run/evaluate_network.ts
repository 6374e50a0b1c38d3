/**
 * Evaluation of a network by protocols that are named, on data that are named.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import type { EvaluationRecipe } from "../../data/views/recipe.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { openRankPlacement, type ProcessGroup } from "../../distributed/mod.ts";
import type { ClassifierProgress } from "../../evaluate/classifier_training.ts";
import { checkEvaluation, type FeatureProgress } from "../../evaluate/evaluate_backbone.ts";
import { readLabelledList } from "../../evaluate/labelled_share.ts";
import { DEFAULT_PROTOCOLS, parseProtocol } from "../../evaluate/protocols.ts";
import type { EncoderName, EvaluatedCheckpoint, EvaluationResult } from "../../evaluate/results.ts";
import type { FeatureDistance } from "../../evaluate/similarities.ts";
import { weightsDigest } from "../../evaluate/weights_digest.ts";
import { checkProtocolOptions } from "./check_protocol_options.ts";
import { Protocols } from "./evaluate_protocols.ts";
import { type EvaluationSetsOptions, openEvaluationSets } from "./evaluation_data.ts";
import { EvaluationLog } from "./evaluation_log.ts";

/** How far an evaluation is, what it has found, and what makes its figures hard to compare. */
export type EvaluateEvent =
  | ({ readonly kind: "features" } & FeatureProgress)
  | {
    readonly kind: "probe";
    /** Epochs that are done. */
    readonly done: number;
    /** Epochs in all. */
    readonly total: number;
    /** Mean loss of the last one. */
    readonly loss: number;
  }
  | ({ readonly kind: "training"; readonly name: string } & ClassifierProgress)
  | { readonly kind: "result"; readonly result: EvaluationResult }
  | { readonly kind: "warning"; readonly message: string };

/** On what a network is evaluated, and how. */
export interface EvaluateNetworkOptions extends EvaluationSetsOptions {
  /** Protocols, as {@linkcode parseProtocol} reads them (default `knn` and `probe`). */
  readonly protocols?: readonly string[];
  /** Numbers of neighbours that vote (default 20, or all where there are fewer). */
  readonly k?: readonly number[];
  /** Temperatures of the votes (default 0.07). */
  readonly temperature?: readonly number[];
  /** How far apart neighbours are (default `cosine`). */
  readonly distance?: FeatureDistance;
  /** File that lists the images whose labels `semi` uses; a share of each class is drawn by seed without it. */
  readonly labelled?: string;
  /** Images in a step of `linear`, `semi` and `finetune` (default the recipe's, or all if there are fewer). */
  readonly batchSize?: number;
  /** Images that the device takes at once of a step of `semi` and `finetune` (default all); must divide those of a step. */
  readonly deviceBatchSize?: number;
  /** Epochs of `linear`, `semi` and `finetune` (default the recipe's). */
  readonly epochs?: number;
  /** Seed of classifiers, of the order of images, of what is held out and of shares of labels (default 0). */
  readonly seed?: number;
  /** Whether an image that cannot be read ends the evaluation; it is left out by default. */
  readonly strict?: boolean;
  /** Where to compute, such as `cpu` or `cuda:0` (default `auto`). */
  readonly device?: string;
  /** Options of its execution provider, each as `NAME=VALUE` (default none). */
  readonly providerOption?: readonly string[];
  /** Threads that cut images, this one included (default 1). */
  readonly loaders?: number;
  /** Called with progress, results as they come, and warnings. */
  readonly report?: (event: EvaluateEvent) => void;
  /**
   * Ranks that evaluate together, each a part of the images and of the steps of trainings. All have the results; the first
   * writes them, and reports for all.
   */
  readonly group?: ProcessGroup | undefined;
}

/** What {@linkcode evaluateNetwork} finds; plain data. */
export interface NetworkEvaluation {
  /** One for each protocol, and for each number of neighbours and temperature. */
  readonly results: readonly EvaluationResult[];
  /** File that the results were added to; absent if they were not, of which a warning says why. */
  readonly log?: string;
}

/** A network that is evaluated, and where it comes from. */
export interface EvaluatedWeights {
  /** The network. */
  readonly backbone: Backbone;
  /** Its parameters and buffers, under names that begin with `backbone.`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** How test images are cut; training images are of its size. */
  readonly recipe: EvaluationRecipe;
  /** Where the weights lie, and after how many steps and epochs; 0 where that is not known. */
  readonly checkpoint: Omit<EvaluatedCheckpoint, "weights">;
  /** Which encoder they are of. */
  readonly encoder: EncoderName;
  /** Names of the data where none are given. */
  readonly data: { readonly data: string; readonly evaluationData: string };
  /** Configuration of a run whose network it is, with which checkpoints of trainings open as those of a run. */
  readonly configuration: object;
  /** Folder that results and checkpoints of trainings are written to; nothing is written without one. */
  readonly folder?: string | undefined;
}

/**
 * Evaluates a network on labelled images, by one protocol after another. Without test images a seeded part of each class
 * is held out; images that are in both sets are left out of their own neighbours and of what is trained. Each result is
 * added to `results.json` in the folder as soon as it is there. Trainings on augmented images leave a checkpoint after
 * each epoch in its folder `evaluations`: one that was stopped goes on when it is asked for again, and one that has ended
 * is only tested.
 *
 * @throws {TypeError} if the data cannot be opened or compared, there is no such protocol or recipe, or an option is
 * given that no protocol takes
 * @throws {RangeError} if an option is out of range
 */
export async function evaluateNetwork(
  { backbone, tensors, recipe, checkpoint, encoder, data: names, configuration, folder }:
    EvaluatedWeights,
  options: EvaluateNetworkOptions = {},
): Promise<NetworkEvaluation> {
  const { labelled, classes, report: given, loaders = 1, group, ...rest } = options;
  const leads = group === undefined || group.rank === 0;
  const report = leads ? given : undefined;
  const { seed = 0, strict = false, k } = rest;
  const protocols = (options.protocols ?? DEFAULT_PROTOCOLS).map(parseProtocol);
  checkProtocolOptions(options, protocols);
  const onWarning = (message: string) => report?.({ kind: "warning", message });
  const data = await openEvaluationSets(names, options);
  checkEvaluation({ ...data, knn: k === undefined ? {} : { k: Math.max(...k) } }, data.overlap);
  const choose = labelled === undefined ? undefined : await readLabelledList(labelled);
  // What it lacks shows here, rather than after hours of other protocols.
  choose?.(data.bank);
  const log = await EvaluationLog.open(leads ? folder : undefined, onWarning);
  const { device, threads } = await openRankPlacement({
    device: options.device ?? "auto",
    providerOption: options.providerOption ?? [],
    threads: 0,
  }, group);
  using runner = new Protocols({
    network: { backbone, tensors, recipe, device, threads, configuration, run: folder },
    data,
    common: {
      encoder,
      checkpoint: { ...checkpoint, weights: weightsDigest(tensors) },
      ...(classes && { classes }),
    },
    options: {
      ...rest,
      ...(choose && { labelledList: { name: labelled!, choose } }),
      seed,
      strict,
      workers: loaders - 1,
      onWarning,
      onFeatures: (progress) => report?.({ kind: "features", ...progress }),
      onProbe: (done, total, loss) => report?.({ kind: "probe", done, total, loss }),
      onTraining: (name, progress) => report?.({ kind: "training", name, ...progress }),
    },
    group,
  });
  const results: EvaluationResult[] = [];
  for (const protocol of protocols) {
    const found = await runner.run(protocol);
    results.push(...found);
    await log.add(found);
    for (const result of found) report?.({ kind: "result", result });
  }
  return { results, ...(log.path !== undefined && { log: log.path }) };
}
