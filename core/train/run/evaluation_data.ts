/**
 * The data sets that a run is evaluated on.
 *
 * @module
 */
import { readClassList } from "../../data/class_list.ts";
import type { Dataset } from "../../data/dataset.ts";
import { openEvaluationData } from "../../data/open_data.ts";
import { DEFAULT_HELD_OUT_SHARE, holdOut } from "../../evaluate/hold_out.ts";
import { findOverlap, type Overlap } from "../../evaluate/overlap.ts";
import type { Configuration } from "../../method/configuration.ts";

/** Which data sets, by name. */
export interface EvaluationSetsOptions {
  /** Name of the labelled images that vote and are trained on (default the run's data). */
  readonly train?: string;
  /** Name of the labelled images that are classified (default the run's evaluation data; a held-out part without). */
  readonly test?: string;
  /** File of the classes that are opened, in the order of their labels, as `readClassList` takes it (default all). */
  readonly classes?: string;
  /** Share of each class that is held out where no test images are named, or they are training images (default 0.2). */
  readonly heldOutShare?: number;
  /** Seed of what is held out (default 0). */
  readonly seed?: number;
}

/** What a run is evaluated on. */
export interface EvaluationData {
  /** Images that vote and are trained on. */
  readonly bank: Dataset;
  /** Images that are classified. */
  readonly queries: Dataset;
  /** Share of each class that is held out, where test images are a part of the training images. */
  readonly heldOut?: number;
  /** Which images are in both. */
  readonly overlap: Overlap;
}

/**
 * Opens the images that vote and those that are classified; without test images a part of the training images is held
 * out.
 *
 * @throws {TypeError} if the data cannot be opened
 * @throws {SyntaxError} if a list is malformed, naming the line
 * @throws {RangeError} if the share is not in (0, 1)
 */
export async function openEvaluationSets(
  configuration: Pick<Configuration, "data" | "evaluationData">,
  { train, test, classes, heldOutShare = DEFAULT_HELD_OUT_SHARE, seed = 0 }: EvaluationSetsOptions,
): Promise<EvaluationData> {
  const trainName = train || configuration.data;
  // The run's evaluation data belong to the run's data, not to others that are named.
  const testName = test || (train ? "" : configuration.evaluationData);
  const named = testName !== "";
  const opened = await openEvaluationData(trainName, named ? testName : trainName, {
    ...(classes && { classes: await readClassList(classes) }),
  });
  const [bank, queries] = named ? opened : holdOut(opened[0], { share: heldOutShare, seed });
  const overlap = await findOverlap(bank, queries);
  return { bank, queries, overlap, ...(!named && { heldOut: heldOutShare }) };
}
