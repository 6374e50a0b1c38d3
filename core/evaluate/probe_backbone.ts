/**
 * A linear probe on the features of an evaluation, never tested on an image that it was trained on.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { tensor } from "../engine/graph/tensor.ts";
import type { BackboneFeatures } from "./evaluate_backbone.ts";
import { type ChanceLevel, chanceLevel } from "./chance.ts";
import { type HoldOutOptions, holdOutRows } from "./hold_out.ts";
import type { LabeledFeatures } from "./labeled_features.ts";
import { linearProbe, type LinearProbeOptions, type LinearProbeResult } from "./linear_probe.ts";

/** What the probe here is trained on; published probes augment the images instead. */
export const PROBE_MODE = "cached features, standardised, without augmentation";

/** How training and test images of a probe were kept apart. */
export type ProbeSplit =
  /** No image was in both. */
  | "separate"
  /** Test images were left out of the training images. */
  | "test images left out"
  /** The images that are in both were split by seed, class by class. */
  | "held out";

/** Rows of features that a probe is trained and tested on. */
export interface ProbeRows {
  /** How they were chosen. */
  readonly split: ProbeSplit;
  /** Rows of the bank that it is trained on. */
  readonly train: readonly number[];
  /** Rows of the queries that it is tested on. */
  readonly test: readonly number[];
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Labels of a bank and of queries in one numbering, and which of their rows are the same image. */
export interface LabeledRows {
  /** Images that a probe may be trained on. */
  readonly bank: Pick<LabeledFeatures, "labels">;
  /** Images that it may be tested on. */
  readonly queries: Pick<LabeledFeatures, "labels">;
  /** Rows of the bank that are the same image, by row of the queries. */
  readonly sameImage: ReadonlyMap<number, readonly number[]>;
}

/**
 * Chooses the rows of a probe. Where bank and queries share images, those are left out of training; where that leaves a
 * class of the queries without training images, the shared images are split by seed instead.
 */
export function probeRows(
  { bank, queries, sameImage }: LabeledRows,
  options: HoldOutOptions = {},
): ProbeRows {
  const test = range(queries.labels.length);
  const shared = new Set([...sameImage.values()].flat());
  const own = range(bank.labels.length).filter((row) => !shared.has(row));
  if (shared.size === 0) return { split: "separate", train: own, test };
  const left = new Set(own.map((row) => bank.labels[row]!));
  if (queries.labels.every((label) => left.has(label))) {
    return { split: "test images left out", train: own, test };
  }
  const inBoth = test.filter((row) => sameImage.has(row));
  const { held } = holdOutRows(inBoth.map((row) => queries.labels[row]!), options);
  const tested = new Set(held.map((at) => inBoth[at]!));
  // An image that a list names twice is trained on or tested, never both.
  const testedInBank = new Set([...tested].flatMap((row) => sameImage.get(row)!));
  const rows = test.filter((row) =>
    tested.has(row) || !sameImage.has(row) ||
    sameImage.get(row)!.some((inBank) => testedInBank.has(inBank))
  );
  return {
    split: "held out",
    train: range(bank.labels.length).filter((row) => !testedInBank.has(row)),
    test: rows,
  };
}

function rowsOf({ features, labels }: LabeledFeatures, rows: readonly number[]): LabeledFeatures {
  if (rows.length === labels.length) return { features, labels };
  const width = features.shape[1]!;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(features.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return {
    features: tensor("float32", [rows.length, width], data),
    labels: Int32Array.from(rows, (row) => labels[row]!),
  };
}

/** Options of {@linkcode probeBackbone}. */
export interface ProbeOptions extends LinearProbeOptions {
  /** Share of each class that is held out where images are both in the bank and among the queries (default 0.2). */
  readonly heldOutShare?: number;
}

/** Accuracy of {@linkcode probeBackbone}, and what it was trained and tested on. */
export interface ProbeScores extends LinearProbeResult {
  /** How training and test images were kept apart. */
  readonly split: ProbeSplit;
  /** Images that it was trained on. */
  readonly trained: number;
  /** Images that it was tested on. */
  readonly tested: number;
  /** Accuracy of a classifier that sees no image. */
  readonly chance: ChanceLevel;
}

/**
 * Trains a linear classifier on the standardised features of the bank and tests it on the queries, never on an image
 * that it was trained on.
 *
 * @throws {TypeError} if no image is left to train on or to test
 * @throws {RangeError} if options are out of range, or the loss diverges
 */
export async function probeBackbone(
  scores: Pick<BackboneFeatures, "bank" | "queries" | "sameImage">,
  { heldOutShare, ...options }: ProbeOptions = {},
): Promise<ProbeScores> {
  const { split, train, test } = probeRows(scores, {
    ...(heldOutShare !== undefined && { share: heldOutShare }),
    ...(options.seed !== undefined && { seed: options.seed }),
  });
  if (train.length === 0 || test.length === 0) {
    throw new GenviewTypeError(
      "Cannot train a linear probe: images must be left to train on and to test, found each class with one image, " +
        "in both sets; name other test images",
    );
  }
  const [training, testing] = [rowsOf(scores.bank, train), rowsOf(scores.queries, test)];
  const result = await linearProbe(training, testing, { standardize: true, ...options });
  return {
    ...result,
    split,
    trained: train.length,
    tested: test.length,
    chance: chanceLevel(training.labels, testing.labels),
  };
}
