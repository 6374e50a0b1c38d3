/**
 * Labelled data sets to train on and to test on, with no image in both and one numbering of classes.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Dataset } from "../data/dataset.ts";
import { subset } from "../data/subset.ts";
import { bankLabels } from "./bank_labels.ts";
import { type ChanceLevel, chanceLevel } from "./chance.ts";
import { occurringClasses } from "./labeled_features.ts";
import { findOverlap, type Overlap } from "./overlap.ts";
import { probeRows, type ProbeSplit } from "./probe_backbone.ts";

/** What a classifier is trained and tested on. */
export interface SupervisedData {
  /** Images to train on. */
  readonly train: Dataset;
  /** Images to test on; none of them is trained on. */
  readonly test: Dataset;
  /** How they were kept apart. */
  readonly split: ProbeSplit;
  /** Number of classes. */
  readonly classes: number;
  /** The number of a class from 0, by a label of the training images. */
  readonly trainClass: (label: number) => number;
  /** The number of a class from 0, by a label of the test images. */
  readonly testClass: (label: number) => number;
  /** Accuracy of a classifier that sees no image. */
  readonly chance: ChanceLevel;
}

/** What {@linkcode supervisedData} separates. */
export interface SupervisedDataOptions {
  /** Labelled images to train on. */
  readonly bank: Dataset;
  /** Labelled images to test on. */
  readonly queries: Dataset;
  /** Which images are in both, as {@linkcode findOverlap} finds it when left out. */
  readonly overlap?: Overlap;
  /** Share of each class that is held out where that keeps no class to train on (default 0.2). */
  readonly heldOutShare?: number;
  /** Seed of what is held out (default 0). */
  readonly seed?: number;
  /** Chooses the training images whose labels are used, as indices; all of them by default. */
  readonly labelled?: (train: Dataset) => readonly number[];
}

function labelsOf(dataset: Dataset, numberOf: (label: number) => number): Int32Array {
  return Int32Array.from({ length: dataset.length }, (_, i) => numberOf(dataset.sample(i).label!));
}

/**
 * Separates images to train on from those to test on, as a linear probe does: images that are in both are not trained
 * on, or split by seed where that would leave a class without training images.
 *
 * @throws {TypeError} if a data set is not labelled, the bank lacks classes of the queries, or nothing is left of one
 * @throws {RangeError} if the share is not in (0, 1)
 */
export async function supervisedData(options: SupervisedDataOptions): Promise<SupervisedData> {
  const { bank, queries, heldOutShare, seed, labelled } = options;
  const numbers = bankLabels(bank, queries);
  const overlap = options.overlap ?? await findOverlap(bank, queries);
  const bankNumber = (label: number) => numbers.get(label)!;
  const rows = probeRows({
    bank: { labels: labelsOf(bank, (label) => label) },
    queries: { labels: labelsOf(queries, bankNumber) },
    sameImage: overlap.bankIndices,
  }, {
    ...(heldOutShare !== undefined && { share: heldOutShare }),
    ...(seed !== undefined && { seed }),
  });
  const separated = rows.train.length === bank.length ? bank : subset(bank, rows.train);
  const test = rows.test.length === queries.length ? queries : subset(queries, rows.test);
  const train = labelled === undefined ? separated : subset(separated, labelled(separated));
  if (train.length === 0 || test.length === 0) {
    throw new GenviewTypeError(
      `Cannot train on "${bank.name}" and test on "${queries.name}": images must be left for both, found ` +
        `${train.length} and ${test.length}; name other test images`,
    );
  }
  const [trained, tested] = [labelsOf(train, (label) => label), labelsOf(test, bankNumber)];
  const { labels } = occurringClasses(trained, tested);
  const positions = new Map([...labels].map((label, position) => [label, position]));
  return {
    train,
    test,
    split: rows.split,
    classes: labels.length,
    trainClass: (label) => positions.get(label)!,
    testClass: (label) => positions.get(bankNumber(label))!,
    chance: chanceLevel(trained, tested),
  };
}
