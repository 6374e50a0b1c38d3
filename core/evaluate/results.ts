/**
 * The results of a run's evaluations: one file, to which each evaluation adds its own.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewTypeError } from "../errors/mod.ts";
import { FolderLock } from "../files/folder_lock.ts";
import { ifThere } from "../files/if_there.ts";
import { readJson } from "../files/json.ts";
import { writeNewFile } from "../files/new_file.ts";
import { validate } from "../schema/validate.ts";
import { basename, dirname, join } from "node:path";
import type { Normalization } from "../data/views/recipe.ts";
import type { ChanceLevel } from "./chance.ts";
import type { ProbeSplit } from "./probe_backbone.ts";
import type { Protocol } from "./protocols.ts";

/** Which of a run's encoders is evaluated: the one that is trained, or the moving average of it. */
export type EncoderName = "online" | "momentum";

/** How many images of a data set were evaluated. */
export interface EvaluatedData {
  /** Name of the data set. */
  readonly data: string;
  /** Images that were used. */
  readonly samples: number;
  /** Images that could not be read. */
  readonly skipped: number;
}

/** The weights that were evaluated. */
export interface EvaluatedCheckpoint {
  /** Steps of the run; 0 where they are not known. */
  readonly step: number;
  /** Epochs of the run; 0 where they are not known. */
  readonly epoch: number;
  /** Where the weights lie. */
  readonly path: string;
  /** First digits of the SHA-256 of the encoder's weights; absent in results of earlier versions. */
  readonly weights?: string;
}

/** What people call the weights that were evaluated: the step of a run, or the name of a file from elsewhere. */
export function checkpointName({ step, path }: EvaluatedCheckpoint): string {
  return basename(dirname(path)) === "checkpoints" ? `step ${step}` : basename(path);
}

/** What one protocol found, with all that it depends on; plain data. */
export interface EvaluationResult {
  /** The kind of protocol; `retrieval` comes with `knn`, where samples have counterparts. */
  readonly protocol: Protocol["kind"] | "retrieval";
  /** What tables call it, such as `kNN k=20 T=0.07` or `linear A`. */
  readonly name: string;
  /** How it was done, in words. */
  readonly recipe: string;
  /** The figures, as shares: `top1` and `top5`, of retrieval `recallAt1` and others. */
  readonly figures: Readonly<Record<string, number>>;
  /** Accuracy of a classifier that sees no image; of retrieval, what random orders recall. */
  readonly chance: ChanceLevel | Readonly<Record<string, number>>;
  /** Images that vote, or are trained on; `share` is that of the labels that were used, where not all were. */
  readonly train: EvaluatedData & { readonly share?: number };
  /** Images that are classified; `heldOut` is the share of the training images that they are, if they are. */
  readonly test: EvaluatedData & { readonly heldOut?: number };
  /** List of the classes that were opened, where not all were. */
  readonly classes?: string;
  /** Test images that are training images too. */
  readonly overlap: number;
  /** How they were kept apart, where something was trained. */
  readonly split?: ProbeSplit;
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
  /** Statistics that the images were normalised with; absent in results of earlier versions. */
  readonly normalize?: Normalization;
  /** Seed of the classifier, of the order of images, and of what is held out. */
  readonly seed: number;
  /** The encoder that was evaluated. */
  readonly encoder: EncoderName;
  /** The checkpoint that was evaluated. */
  readonly checkpoint: EvaluatedCheckpoint;
  /** Where it was computed. */
  readonly device: string;
  /** When it ended, in ISO 8601. */
  readonly at: string;
}

/** Name of the file in a run's folder. */
export const RESULTS_FILE = "results.json";

/** JSON Schema of an object that has some fields of these types, and may have others. */
function fields(types: Readonly<Record<string, object>>) {
  return { type: "object", required: Object.keys(types), properties: types } as const;
}

const TEXT = { type: "string" } as const;
const COUNT = { type: "integer", minimum: 0 } as const;
const NUMBERS = { type: "object", additionalProperties: { type: "number" } } as const;
const DATA = fields({ data: TEXT, samples: COUNT, skipped: COUNT });

const SCHEMA = {
  type: "object",
  required: ["version", "results"],
  properties: {
    version: { enum: [1] },
    results: {
      type: "array",
      items: fields({
        ...{ protocol: TEXT, name: TEXT, recipe: TEXT, encoder: TEXT, at: TEXT },
        ...{ figures: NUMBERS, chance: NUMBERS, train: DATA, test: DATA },
        ...{ overlap: COUNT, imageSize: COUNT, seed: COUNT },
        checkpoint: fields({ step: COUNT, epoch: COUNT, path: TEXT }),
      }),
    },
  },
} as const;

/** What a file of results holds. */
interface StoredResults {
  readonly version: 1;
  readonly results: readonly EvaluationResult[];
}

/**
 * The results in a run's folder; none if it was never evaluated.
 *
 * @throws {SyntaxError} if the file is no JSON
 * @throws {TypeError} if it holds no results
 */
export async function readResults(run: string): Promise<readonly EvaluationResult[]> {
  const path = join(run, RESULTS_FILE);
  const found = await ifThere(readJson(path));
  if (found === undefined) return [];
  return validate<StoredResults>(SCHEMA, found, `read ${path}`, "the results").results;
}

/** What tells results apart: one takes the place of an earlier one of the same. */
function identityOf(result: EvaluationResult): string {
  const { name, recipe, encoder, checkpoint, train, test, seed, imageSize, split, classes } =
    result;
  const { mean, std } = result.normalize ?? {};
  return JSON.stringify([
    ...[name, recipe, encoder, checkpoint.step, checkpoint.weights, seed, split, classes],
    ...[train.data, train.share, test.data, test.heldOut, imageSize, mean, std],
  ]);
}

/**
 * Earlier results and new ones: a result takes the place of one of the same protocol, recipe, data, statistics of its
 * images, seed, encoder, step and weights.
 */
export function mergeResults(
  earlier: readonly EvaluationResult[],
  added: readonly EvaluationResult[],
): EvaluationResult[] {
  return [
    ...new Map([...earlier, ...added].map((result) => [identityOf(result), result])).values(),
  ];
}

/** Milliseconds between two tries to write. */
const PAUSE = 50;

/** Milliseconds that others who write are waited for; each takes far less than one second. */
const PATIENCE = 10_000;

/** Locks the results in a run's folder, as soon as others have written theirs. */
async function lockResults(run: string): Promise<FolderLock> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      // A lock of its own, since a run may be evaluated while it is being trained.
      return await FolderLock.acquire(run, { name: "evaluations" });
    } catch (error) {
      if (!(error instanceof GenviewAlreadyExists) || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/**
 * Adds results to the file in a run's folder, which is there as a whole at any time. Other evaluations that are just
 * writing there are waited for.
 *
 * @returns the file
 * @throws {GenviewAlreadyExists} if another evaluation keeps the file locked for ten seconds
 * @throws {GenviewError} if the system refuses
 */
export async function addResults(
  run: string,
  added: readonly EvaluationResult[],
): Promise<string> {
  using _lock = await lockResults(run);
  const path = join(run, RESULTS_FILE);
  const stored: StoredResults = {
    version: 1,
    results: mergeResults(await readResults(run), added),
  };
  await writeNewFile(path, JSON.stringify(stored, null, 2) + "\n", { overwrite: true });
  return path;
}

/** Whether a result is of classes rather than of retrieval. */
export function classChance({ protocol, chance }: EvaluationResult): ChanceLevel | undefined {
  return protocol === "retrieval" ? undefined : chance as ChanceLevel;
}

/**
 * The results of several runs.
 *
 * @throws {TypeError} if none of them has any
 */
export async function readRuns(
  runs: readonly string[],
): Promise<{ readonly run: string; readonly results: readonly EvaluationResult[] }[]> {
  const found = await Promise.all(
    runs.map(async (run) => ({ run, results: await readResults(run) })),
  );
  const evaluated = found.filter(({ results }) => results.length > 0);
  if (evaluated.length > 0) return evaluated;
  throw new GenviewTypeError(
    `Cannot show results: a run must have been evaluated, found no ${RESULTS_FILE} in ${
      runs.join(", ") || "nothing"
    }; evaluate one first`,
  );
}
