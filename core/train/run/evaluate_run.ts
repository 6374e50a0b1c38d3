/**
 * Evaluation of a run: opening, data sets by name, scores, and their log in the run's folder.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { GenviewTypeError, isGenviewError } from "../../errors/mod.ts";
import { appendJsonLine } from "../../files/json_lines.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { openData, openEvaluationData } from "../../data/open_data.ts";
import type { Dataset } from "../../data/dataset.ts";
import { DeviceTensor, formatDevice, resolveDevice } from "../../engine/ort/mod.ts";
import type { ChanceLevel } from "../../evaluate/chance.ts";
import { configuredRecipe } from "../../evaluate/configured_evaluation.ts";
import type { DatasetFeatures } from "../../evaluate/dataset_features.ts";
import {
  type BackboneScores,
  checkEvaluation,
  evaluateBackbone,
  type FeatureProgress,
} from "../../evaluate/evaluate_backbone.ts";
import { DEFAULT_HELD_OUT_SHARE, holdOut } from "../../evaluate/hold_out.ts";
import { LINEAR_PROBE_RECIPES } from "../../evaluate/linear_probe_recipes.ts";
import { findOverlap } from "../../evaluate/overlap.ts";
import {
  PROBE_MODE,
  probeBackbone,
  type ProbeScores,
  type ProbeSplit,
} from "../../evaluate/probe_backbone.ts";
import type { RetrievalResult } from "../../evaluate/retrieval.ts";
import { nearestName } from "../../schema/nearest_name.ts";
import { TensorBoardLog } from "../log/tensorboard.ts";
import { type OpenedRun, openRun } from "./open_run.ts";
import { configuredBackbone } from "./run_plan.ts";

/** How far an evaluation is, and what makes its figures hard to compare. */
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
  | { readonly kind: "warning"; readonly message: string };

/** On what a run is evaluated, and how. */
export interface EvaluateRunOptions {
  /** Name of the labelled images that vote and train the probe (default the run's data). */
  readonly train?: string;
  /** Name of the labelled images that are classified (default the run's evaluation data; a held-out part without). */
  readonly test?: string;
  /** Share of each class that is held out where no test images are named, or they are training images (default 0.2). */
  readonly heldOutShare?: number;
  /** Neighbours that vote (default 20, or all where there are fewer). */
  readonly k?: number;
  /** Temperature of the votes (default 0.07). */
  readonly temperature?: number;
  /** Recipe of the linear probe by name, or `none` (default `lightly`). */
  readonly probe?: string;
  /** Seed of the probe and of what is held out (default 0). */
  readonly seed?: number;
  /** Whether an image that cannot be read ends the evaluation; it is left out by default. */
  readonly strict?: boolean;
  /** Where to compute, such as `cpu` or `cuda:0` (default `auto`). */
  readonly device?: string;
  /** Whether the results are added to the run's `evaluations.jsonl` and TensorBoard events (default true). */
  readonly log?: boolean;
  /** Called with progress and warnings. */
  readonly report?: (event: EvaluateEvent) => void;
}

/** How many images of a data set were evaluated. */
export interface EvaluatedData {
  /** Name of the data set. */
  readonly data: string;
  /** Images whose features were taken. */
  readonly samples: number;
  /** Images that could not be read. */
  readonly skipped: number;
}

/** What {@linkcode evaluateRun} finds; plain data. */
export interface RunEvaluation {
  /** Which checkpoint was evaluated. */
  readonly checkpoint: { readonly step: number; readonly epoch: number; readonly path: string };
  /** Images that vote and train the probe. */
  readonly train: EvaluatedData;
  /** Images that are classified; `heldOut` is the share of the training images that they are, if they are. */
  readonly test: EvaluatedData & { readonly heldOut?: number };
  /** Test images that are training images too; each is left out of its own neighbours. */
  readonly overlap: number;
  /** Accuracy of a classifier that sees no image. */
  readonly chance: ChanceLevel;
  /** Shares of the test images whose class is the first, or one of the first five, by their neighbours' votes. */
  readonly knn: {
    readonly k: number;
    readonly temperature: number;
    readonly top1: number;
    readonly top5: number;
  };
  /** The linear probe. */
  readonly probe?: {
    readonly recipe: string;
    readonly mode: string;
    readonly seed: number;
    readonly split: ProbeSplit;
    readonly trained: number;
    readonly tested: number;
    readonly top1: number;
    readonly top5: number;
    readonly chance: ChanceLevel;
  };
  /** How well images find their counterparts; for data sets that have any. */
  readonly retrieval?: RetrievalResult;
  /** File that the results were added to; absent if they were not, of which a warning says why. */
  readonly log?: string;
}

/** Temperature of the votes, as in DINO. */
const DEFAULT_TEMPERATURE = 0.07;

/** Opens the bank and the queries; without test images a part of the training images is held out. */
async function openSets(
  { configuration }: OpenedRun,
  { train, test, heldOutShare = DEFAULT_HELD_OUT_SHARE, seed = 0 }: EvaluateRunOptions,
): Promise<{ bank: Dataset; queries: Dataset; heldOut?: number }> {
  const trainName = train || configuration.data;
  // The run's evaluation data belong to the run's data, not to others that are named.
  const testName = test || (train ? "" : configuration.evaluationData);
  if (testName !== "") {
    const [bank, queries] = await openEvaluationData(trainName, testName);
    return { bank, queries };
  }
  const [bank, queries] = holdOut(await openData(trainName), { share: heldOutShare, seed });
  return { bank, queries, heldOut: heldOutShare };
}

function counted({ name }: Dataset, { indices, skipped }: DatasetFeatures): EvaluatedData {
  return { data: name, samples: indices.length, skipped };
}

/** Results as one flat record, as the log's lines are. */
function flattened(value: object, prefix = ""): [string, number | string][] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const full = prefix + (prefix === "" ? name : name[0]!.toUpperCase() + name.slice(1));
    return typeof inner === "object" ? flattened(inner, full) : [[full, inner]];
  });
}

/** Adds results to `evaluations.jsonl` and to the TensorBoard events of the run that a checkpoint belongs to. */
async function log(found: RunEvaluation, device: string): Promise<string | undefined> {
  const { checkpoint: { step, epoch, path }, ...results } = found;
  const checkpoints = dirname(path);
  if (basename(checkpoints) !== "checkpoints") return undefined;
  const run = dirname(checkpoints);
  // A lock of its own, since a run may be evaluated while it is being trained.
  using _lock = await FolderLock.acquire(run, { name: "evaluations" });
  const file = join(run, "evaluations.jsonl");
  const record = Object.fromEntries(flattened(results));
  await appendJsonLine(file, { step, epoch, at: new Date().toISOString(), device, ...record });
  // In a folder of their own: TensorBoard reads no more of a file, such as that of a run under way, once its folder
  // holds a later one (`DirectoryWatcher` in `tensorboard/backend/event_processing/directory_watcher.py`).
  using events = new TensorBoardLog(join(run, "tensorboard", "evaluations"));
  events.scalars(step, {
    "evaluate/knn_top1": found.knn.top1,
    "evaluate/knn_top5": found.knn.top5,
    ...(found.probe && {
      "evaluate/probe_top1": found.probe.top1,
      "evaluate/probe_top5": found.probe.top5,
    }),
    ...(found.retrieval && { "evaluate/recall_at_1": found.retrieval.forward.recallAt1 }),
  });
  return file;
}

function probeRecipe(name: string) {
  const names = Object.keys(LINEAR_PROBE_RECIPES);
  if (name === "none") return undefined;
  if (Object.hasOwn(LINEAR_PROBE_RECIPES, name)) return LINEAR_PROBE_RECIPES[name]!;
  throw new GenviewTypeError(
    `Cannot evaluate by the probe "${name}": it must be none or one of ${names.join(", ")}; ` +
      `the nearest is "${nearestName(name, names)}"`,
  );
}

/** Trains the probe, with progress. */
async function probe(
  scores: BackboneScores,
  { probe: name = "lightly", seed = 0, heldOutShare, report }: EvaluateRunOptions,
): Promise<ProbeScores | undefined> {
  const recipe = probeRecipe(name);
  if (recipe === undefined) return undefined;
  return await probeBackbone(scores, {
    recipe,
    seed,
    ...(heldOutShare !== undefined && { heldOutShare }),
    onEpoch: (epoch, loss) =>
      report?.({ kind: "probe", done: epoch + 1, total: recipe.epochs, loss }),
  });
}

/**
 * Evaluates a run at its newest whole checkpoint, or the checkpoint whose folder is named, on labelled images: weighted
 * nearest neighbours, a linear probe, and retrieval where images have counterparts. Without test images a seeded part of
 * each class is held out; images that are in both sets are left out of their own neighbours and of the probe's training.
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
 * const { train, test, chance, knn } = await evaluateRun(output, { heldOutShare: 0.25 });
 * assertEquals([train.samples, test.samples, chance.balanced], [6, 2, 0.5]);
 * // Images of one colour are told apart by any network.
 * assertEquals(knn.top1, 1);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param path a run's folder, or that of one of its checkpoints
 * @throws {Deno.errors.NotFound} if there is neither
 * @throws {TypeError} if the data cannot be opened or compared, or the probe has no such recipe
 * @throws {RangeError} if an option is out of range
 */
export async function evaluateRun(
  path: string,
  options: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  const { k, temperature = DEFAULT_TEMPERATURE, seed = 0, strict = false, report } = options;
  const recipeName = options.probe ?? "lightly";
  probeRecipe(recipeName);
  const warn = (message: string) => report?.({ kind: "warning", message });
  const run = await openRun(path);
  const { checkpoint, configuration } = run;
  for (const { reason } of run.passedOver) warn(`Passed over a damaged checkpoint: ${reason}`);
  const { bank, queries, heldOut } = await openSets(run, options);
  const knn = { temperature, ...(k !== undefined && { k }) };
  const overlap = await findOverlap(bank, queries);
  checkEvaluation({ bank, queries, knn }, overlap);
  const device = resolveDevice(options.device ?? "auto");
  using owned = new DisposableStack();
  const weights = new Map(
    [...checkpoint.model].map(([name, value]) => [
      name,
      owned.use(DeviceTensor.from(value, device)),
    ]),
  );
  const backbone = configuredBackbone(configuration);
  const scores = await evaluateBackbone({ backbone, device, weights }, {
    bank,
    queries,
    overlap,
    recipe: configuredRecipe(configuration),
    strict,
    knn,
    onWarning: warn,
    onProgress: (progress) => report?.({ kind: "features", ...progress }),
  });
  const probed = await probe(scores, options);
  const found: RunEvaluation = {
    checkpoint: { step: checkpoint.state.step, epoch: checkpoint.state.epoch, path: run.path },
    train: counted(bank, scores.bank),
    test: { ...counted(queries, scores.queries), ...(heldOut !== undefined && { heldOut }) },
    overlap: scores.sameImage.size,
    chance: scores.chance,
    knn: { k: scores.knn.k, temperature, top1: scores.knn.top1, top5: scores.knn.top5 },
    ...(probed && {
      probe: {
        recipe: recipeName,
        mode: PROBE_MODE,
        seed,
        split: probed.split,
        trained: probed.trained,
        tested: probed.tested,
        top1: probed.top1,
        top5: probed.top5,
        chance: probed.chance,
      },
    }),
    ...(scores.retrieval && { retrieval: scores.retrieval }),
  };
  if (options.log === false) return found;
  try {
    const file = await log(found, formatDevice(device));
    return file === undefined ? found : { ...found, log: file };
  } catch (error) {
    // Such as on a disk that is full or read-only: the results, which took long, are not lost for that.
    if (!isGenviewError(error)) throw error;
    warn(`The results are not in the run's logs: ${error.message}`);
    return found;
  }
}
