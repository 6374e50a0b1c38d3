/**
 * Data sets from functions.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { readImageFile } from "./decode/read_image_file.ts";
import type { Dataset, EncodedSource, RgbImage, Sample } from "./dataset.ts";

/**
 * A data set of `length` samples, each made when it is asked for.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const paths = ["cat.jpg", "dog.jpg"];
 * const animals = datasetOf("animals", 2, (index) => ({
 *   key: paths[index]!,
 *   source: fileSource(paths[index]!),
 * }));
 * assertEquals(animals.sample(1).key, "dog.jpg");
 * ```
 *
 * @param sample gives the sample at an index in [0, length)
 * @param classes names of the labels, if they have names
 */
export function datasetOf(
  name: string,
  length: number,
  sample: (index: number) => Sample,
  classes?: readonly string[],
): Dataset {
  return {
    name,
    length,
    ...(classes && { classes }),
    sample(index) {
      if (!Number.isInteger(index) || index < 0 || index >= length) {
        throw new GenviewRangeError(
          `Cannot give a sample of "${name}": the index must be an integer in [0, ${length}), found ${index}`,
        );
      }
      return sample(index);
    },
  };
}

/** A data set of images that are in memory, whose keys are their places. */
export function imagesInMemory(name: string, images: readonly RgbImage[]): Dataset {
  return datasetOf(name, images.length, (index) => ({
    key: String(index),
    source: {
      kind: "rendered",
      name: `${name} ${index}`,
      render: () => Promise.resolve(images[index]!),
    },
  }));
}

/** The image in a file. Reading it throws an `UnreadableImageError` where it is no file that can be read. */
export function fileSource(path: string): EncodedSource {
  return { kind: "encoded", name: path, read: () => readImageFile(path) };
}
