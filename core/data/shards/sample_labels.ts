/**
 * Labels of the samples of shards, from what is written beside their images or from the folders that these lie in.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { ClassList } from "../class_list.ts";
import type { WrittenLabel } from "./shard_index.ts";

/** Labels of samples. */
export interface SampleLabels {
  /** The label of each sample, -1 where it has none; undefined if none has one. */
  readonly labels?: readonly number[];
  /** Names of the classes, if labels are numbers of these. */
  readonly classes?: readonly string[];
}

/** What is known of samples' labels. */
export interface LabelSources {
  /** What errors call the data set. */
  readonly name: string;
  /** Paths of the images, if the folders in these may be classes. */
  readonly keys: readonly string[];
  /** What is written beside each. */
  readonly written: readonly (WrittenLabel | null)[];
  /** Names of the classes that written numbers count, where the shards say them. */
  readonly classes?: readonly string[] | undefined;
  /** Names that are given from outside, which come before those that the data set has. */
  readonly list?: ClassList | undefined;
}

/** Names in the order of their code units, as folders of classes are. */
function inOrder(names: Iterable<string>): string[] {
  return [...new Set(names)].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
}

/** Labels by name: of all names, or of those that are listed. */
function byName(names: readonly (string | null)[], { name, list }: LabelSources): SampleLabels {
  const classes = list?.classes ?? inOrder(names.filter((each) => each !== null));
  const numbers = new Map(classes.map((each, label) => [each, label]));
  const labels = names.map((each) => {
    const label = each === null ? -1 : numbers.get(each);
    if (label !== undefined) return label;
    throw new GenviewTypeError(
      `Cannot open "${name}": each label must be a class of ${list!.name}, found "${each}"`,
    );
  });
  return { labels, classes };
}

/** Labels that are written as numbers. */
function byNumber(labels: readonly number[], { name, list, classes }: LabelSources): SampleLabels {
  const named = list?.classes ?? classes;
  const beyond = named === undefined ? undefined : labels.find((label) => label >= named.length);
  if (beyond !== undefined) {
    throw new GenviewTypeError(
      `Cannot open "${name}": labels must be numbers of its ${
        named!.length
      } classes, from 0, found ${beyond}`,
    );
  }
  return { labels, ...(named !== undefined && { classes: named }) };
}

/** The folder in which each image lies below those that all share; undefined if one lies in no other. */
function foldersOf(keys: readonly string[]): string[] | undefined {
  if (keys.length === 0) return undefined;
  const folders = keys.map((key) => key.split("/").slice(0, -1));
  for (let depth = 0;; depth++) {
    if (folders.some((each) => each.length <= depth)) return undefined;
    const names = folders.map((each) => each[depth]!);
    const isShared = names.every((each) => each === names[0]);
    if (!isShared || folders.some((each) => each.length === depth + 1)) return names;
  }
}

/**
 * The labels of samples: what is written beside them, as numbers or as names; where nothing is, the folder that each image
 * lies in is its class, as in a folder of classes. Folders that all share and that hold others do not count.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { labelSamples } from "./sample_labels.ts";
 *
 * const keys = ["train/dog/0.jpg", "train/cat/0.jpg"];
 * const name = "pets.tar";
 * assertEquals(labelSamples({ name, keys, written: [null, null] }), {
 *   labels: [1, 0],
 *   classes: ["cat", "dog"],
 * });
 * assertEquals(labelSamples({ name, keys, written: [7, 3] }), { labels: [7, 3] });
 * ```
 *
 * @throws {TypeError} if some labels are numbers and others names, or one is none of the classes
 */
export function labelSamples(sources: LabelSources): SampleLabels {
  const { name, keys, written } = sources;
  const numbers = written.filter((label) => typeof label === "number");
  const texts = written.filter((label) => typeof label === "string");
  if (numbers.length > 0 && texts.length > 0) {
    throw new GenviewTypeError(
      `Cannot open "${name}": labels must be all numbers or all names, found ${numbers[0]} and "${
        texts[0]
      }"`,
    );
  }
  if (numbers.length > 0) {
    return byNumber(written.map((label) => (label ?? -1) as number), sources);
  }
  if (texts.length > 0) return byName(written as (string | null)[], sources);
  const folders = foldersOf(keys);
  return folders === undefined ? {} : byName(folders, sources);
}
