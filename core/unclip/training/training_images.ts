/**
 * The images that a generator is trained on, cut to one size.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { cutClipView } from "../../data/clip_preprocessing.ts";
import { decodeSource } from "../../data/decode/decode_source.ts";
import { epochOrder } from "../../data/loader/epoch_order.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";

/** Options of {@linkcode TrainingImages}. */
export interface TrainingImagesOptions {
  /** Height and width in pixels. */
  readonly size: number;
  /** Images of a batch. */
  readonly batchSize: number;
  /** Names the order of the images. */
  readonly seed: number;
}

/** The images of a data set as batches, in an order of each epoch's own; the next batch is read while one is used. */
export class TrainingImages {
  readonly #dataset: Dataset;
  readonly #options: TrainingImagesOptions;
  #next: { readonly index: number; readonly batch: Promise<Tensor<"uint8">> } | undefined;
  #order: { readonly epoch: number; readonly batches: readonly Uint32Array[] } | undefined;

  /** Reads nothing yet. */
  constructor(dataset: Dataset, options: TrainingImagesOptions) {
    this.#dataset = dataset;
    this.#options = options;
  }

  /** Batches of a pass over the data; the images that fill no batch are left out of it. */
  get batchesPerEpoch(): number {
    return Math.floor(this.#dataset.length / this.#options.batchSize);
  }

  #rows(index: number): Uint32Array {
    const { batchSize, seed } = this.#options;
    const epoch = Math.floor(index / this.batchesPerEpoch);
    if (this.#order?.epoch !== epoch) {
      const batches = epochOrder({
        length: this.#dataset.length,
        batchSize,
        seed,
        epoch,
        shuffle: true,
        dropLast: true,
        shard: { index: 0, count: 1 },
      });
      this.#order = { epoch, batches };
    }
    return this.#order.batches[index % this.batchesPerEpoch]!;
  }

  #read(index: number): Promise<Tensor<"uint8">> {
    const epoch = Math.floor(index / this.batchesPerEpoch);
    return cutImages(this.#dataset, this.#rows(index), epoch, this.#options.size);
  }

  /**
   * A batch of a run, counted over all epochs, uint8 `[N, size, size, 3]`.
   *
   * @throws {UnreadableImageError} if an image cannot be read
   */
  async batch(index: number): Promise<Tensor<"uint8">> {
    const batch = await (this.#next?.index === index ? this.#next.batch : this.#read(index));
    const next = this.#read(index + 1);
    // It is waited for when its turn comes, or not at all.
    next.catch(() => {});
    this.#next = { index: index + 1, batch: next };
    return batch;
  }
}

/**
 * Images of a data set by index, resized and cut in the middle as Stable unCLIP's image encoder has them, uint8
 * `[n, size, size, 3]`.
 *
 * @param epoch for which rendered images are rendered
 * @throws {UnreadableImageError} if one cannot be read
 */
export async function cutImages(
  dataset: Dataset,
  indices: Iterable<number>,
  epoch: number,
  size: number,
): Promise<Tensor<"uint8">> {
  const views = await Promise.all([...indices].map(async (index) => {
    const image = await decodeSource(dataset.sample(index).source, epoch);
    return cutClipView(image, { size, crop: "transformers" });
  }));
  const data = new Uint8Array(views.length * 3 * size * size);
  views.forEach((view, i) => data.set(view, i * view.length));
  return tensor("uint8", [views.length, size, size, 3], data);
}
