/**
 * Evaluation of a run: opening, data sets by name, protocols by name, and their results in the run's folder.
 *
 * @module
 */
import { resolveDevice } from "../../engine/ort/mod.ts";
import type { ClassifierProgress } from "../../evaluate/classifier_training.ts";
import { configuredRecipe } from "../../evaluate/configured_evaluation.ts";
import { checkEvaluation, type FeatureProgress } from "../../evaluate/evaluate_backbone.ts";
import { readLabelledList } from "../../evaluate/labelled_share.ts";
import { DEFAULT_PROTOCOLS, parseProtocol } from "../../evaluate/protocols.ts";
import type { EncoderName, EvaluationResult } from "../../evaluate/results.ts";
import type { FeatureDistance } from "../../evaluate/similarities.ts";
import { Protocols } from "./evaluate_protocols.ts";
import { encoderTensors } from "./evaluated_encoder.ts";
import { type EvaluationDataOptions, openEvaluationSets } from "./evaluation_data.ts";
import { EvaluationLog, runFolderOf } from "./evaluation_log.ts";
import { openRun } from "./open_run.ts";
import { configuredBackbone } from "./run_plan.ts";

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

/** On what a run is evaluated, and how. */
export interface EvaluateRunOptions extends EvaluationDataOptions {
  /** Protocols, as {@linkcode parseProtocol} reads them (default `knn` and `probe`). */
  readonly protocols?: readonly string[];
  /** Which encoder is evaluated (default `online`). */
  readonly encoder?: EncoderName;
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
  /** Epochs of `linear`, `semi` and `finetune` (default the recipe's). */
  readonly epochs?: number;
  /** Seed of classifiers, of the order of images, of what is held out and of shares of labels (default 0). */
  readonly seed?: number;
  /** Whether an image that cannot be read ends the evaluation; it is left out by default. */
  readonly strict?: boolean;
  /** Where to compute, such as `cpu` or `cuda:0` (default `auto`). */
  readonly device?: string;
  /** Threads that cut images, this one included (default the run's). */
  readonly loaders?: number;
  /** Whether results are added to the run's `results.json` and TensorBoard events (default true). */
  readonly log?: boolean;
  /** Called with progress, results as they come, and warnings. */
  readonly report?: (event: EvaluateEvent) => void;
}

/** What {@linkcode evaluateRun} finds; plain data. */
export interface RunEvaluation {
  /** One for each protocol, and for each number of neighbours and temperature. */
  readonly results: readonly EvaluationResult[];
  /** File that the results were added to; absent if they were not, of which a warning says why. */
  readonly log?: string;
}

/**
 * Evaluates a run at its newest whole checkpoint, or the checkpoint whose folder is named, on labelled images, by one
 * protocol after another. Without test images a seeded part of each class is held out; images that are in both sets are
 * left out of their own neighbours and of what is trained. Each result is added to the run's `results.json` as soon as
 * it is there. Trainings on augmented images leave a checkpoint after each epoch in the run's `evaluations` folder: one
 * that was stopped goes on when it is asked for again, and one that has ended is only tested.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../../plugins/mod.ts";
 * import { sharp } from "../../deps/sharp.ts";
 * import { evaluateRun } from "./evaluate_run.ts";
 * import { pretrain } from "./pretrain.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const [data, output] = [`${folder}/photos`, `${folder}/run`];
 * for (const [name, background] of Object.entries({ dark: "#222", light: "#ccc" })) {
 *   await Deno.mkdir(`${data}/${name}`, { recursive: true });
 *   for (let i = 0; i < 4; i++) {
 *     await sharp({ create: { width: 32 + i, height: 32, channels: 3, background } })
 *       .png().toFile(`${data}/${name}/${i}.png`);
 *   }
 * }
 * const options = { projectorWidth: 16, predictorWidth: 8 };
 * const configuration = { data, stem: "imagenet", epochs: 1, options } as const;
 * await pretrain({ output, preset: "cifar", configuration }, { methods: bundledMethods });
 *
 * const { results } = await evaluateRun(output, { heldOutShare: 0.25, k: [1, 3] });
 * assertEquals(results.map(({ name }) => name), [
 *   "kNN k=1 T=0.07",
 *   "kNN k=3 T=0.07",
 *   "probe lightly (cached)",
 * ]);
 * // Images of one colour are told apart by any network.
 * assertEquals(results[0]!.figures, { top1: 1, top5: 1 });
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param path a run's folder, or that of one of its checkpoints
 * @throws {Deno.errors.NotFound} if there is neither
 * @throws {TypeError} if the data cannot be opened or compared, there is no such protocol, recipe or encoder
 * @throws {RangeError} if an option is out of range
 */
export async function evaluateRun(
  path: string,
  options: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  const { labelled, report, ...rest } = options;
  const { encoder = "online", seed = 0, strict = false, k } = rest;
  const protocols = (options.protocols ?? DEFAULT_PROTOCOLS).map(parseProtocol);
  const onWarning = (message: string) => report?.({ kind: "warning", message });
  const run = await openRun(path);
  const { checkpoint, configuration, passedOver } = run;
  for (const { reason } of passedOver) onWarning(`Passed over a damaged checkpoint: ${reason}`);
  const tensors = encoderTensors(run, encoder);
  const data = await openEvaluationSets(configuration, options);
  checkEvaluation({ ...data, knn: k === undefined ? {} : { k: Math.max(...k) } }, data.overlap);
  const choose = labelled === undefined ? undefined : await readLabelledList(labelled);
  const folder = options.log === false ? undefined : runFolderOf(run.path);
  const log = await EvaluationLog.open(folder, onWarning);
  using runner = new Protocols({
    network: {
      backbone: configuredBackbone(configuration),
      tensors,
      recipe: configuredRecipe(configuration),
      device: resolveDevice(options.device ?? "auto"),
      configuration,
      run: folder,
    },
    data,
    common: {
      encoder,
      checkpoint: { step: checkpoint.state.step, epoch: checkpoint.state.epoch, path: run.path },
    },
    options: {
      ...rest,
      ...(choose && { labelledList: { name: labelled!, choose } }),
      seed,
      strict,
      workers: (options.loaders ?? configuration.loaders) - 1,
      onWarning,
      onFeatures: (progress) => report?.({ kind: "features", ...progress }),
      onProbe: (done, total, loss) => report?.({ kind: "probe", done, total, loss }),
      onTraining: (name, progress) => report?.({ kind: "training", name, ...progress }),
    },
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
