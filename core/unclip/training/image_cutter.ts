/**
 * Images of a data set, cut to the sizes that the networks of a generator take.
 *
 * @module
 */
import { cutClipView } from "../../data/clip_preprocessing.ts";
import type { Dataset } from "../../data/dataset.ts";
import { decodeSource } from "../../data/decode/decode_source.ts";
import { UnreadableImageError } from "../../data/decode/unreadable_image_error.ts";
import type { LoaderOptions } from "../../data/loader/options.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";

/** How images that cannot be read are passed over. */
export type CutterOptions = Pick<LoaderOptions, "onWarning" | "unreadable">;

/** Images that could be read. */
export interface CutImages {
  /** Their indices in the data set. */
  readonly indices: readonly number[];
  /** Of each size that was asked for, uint8 `[n, size, size, 3]`. */
  readonly images: readonly Tensor<"uint8">[];
}

/** Views of one size as one tensor. */
export function stackViews(views: readonly Uint8Array[], size: number): Tensor<"uint8"> {
  const data = new Uint8Array(views.length * 3 * size * size);
  views.forEach((view, i) => data.set(view, i * view.length));
  return tensor("uint8", [views.length, size, size, 3], data);
}

/** Decodes images, and resizes and cuts them in the middle as Stable unCLIP's image encoder has them. */
export class ImageCutter {
  readonly #dataset: Dataset;
  readonly #options: CutterOptions;
  readonly #unreadable: Map<string, string>;

  /** Reads nothing yet. */
  constructor(dataset: Dataset, options: CutterOptions = {}) {
    this.#dataset = dataset;
    this.#options = options;
    this.#unreadable = options.unreadable ?? new Map();
  }

  /**
   * An image in each of some sizes, uint8 `[size, size, 3]`; undefined if it cannot be read.
   *
   * @param epoch for which a rendered image is rendered
   */
  async views(
    index: number,
    epoch: number,
    sizes: readonly number[],
  ): Promise<readonly Uint8Array[] | undefined> {
    const { source } = this.#dataset.sample(index);
    if (this.#unreadable.has(source.name)) return undefined;
    try {
      const image = await decodeSource(source, epoch);
      return sizes.map((size) => cutClipView(image, { size, crop: "transformers" }));
    } catch (error) {
      if (!(error instanceof UnreadableImageError)) throw error;
      this.#unreadable.set(error.source, error.reason);
      this.#options.onWarning?.(`Skipped the image "${error.source}": ${error.reason}`);
      return undefined;
    }
  }

  /** Those of some images that can be read, in each of some sizes. */
  async cut(
    indices: Iterable<number>,
    epoch: number,
    sizes: readonly number[],
  ): Promise<CutImages> {
    const cuts = await Promise.all(
      Array.from(
        indices,
        async (index) => ({ index, views: await this.views(index, epoch, sizes) }),
      ),
    );
    const read = cuts.flatMap(({ index, views }) => views === undefined ? [] : [{ index, views }]);
    return {
      indices: read.map(({ index }) => index),
      images: sizes.map((size, i) => stackViews(read.map(({ views }) => views[i]!), size)),
    };
  }
}
