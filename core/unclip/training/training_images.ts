/**
 * The images that a generator is trained on, cut to one size.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { SHUFFLE_BUFFER } from "../../data/loader/buffered_order.ts";
import { epochOrder } from "../../data/loader/epoch_order.ts";
import { loadOrReplace } from "../../data/loader/load_or_replace.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { type CutterOptions, ImageCutter, stackViews } from "./image_cutter.ts";

/** Options of {@linkcode TrainingImages}. */
export interface TrainingImagesOptions extends CutterOptions {
  /** Height and width in pixels. */
  readonly size: number;
  /** Images of a batch. */
  readonly batchSize: number;
  /** Names the order of the images. */
  readonly seed: number;
}

/**
 * The images of a data set as batches, in an order of each epoch's own, which reads shards forwards as that of pretraining does;
 * the next batch is read while one is used. One that cannot be read is replaced by another.
 */
export class TrainingImages {
  readonly #dataset: Dataset;
  readonly #cutter: ImageCutter;
  readonly #options: TrainingImagesOptions;
  #next: { readonly index: number; readonly batch: Promise<Tensor<"uint8">> } | undefined;
  #order: { readonly epoch: number; readonly batches: readonly Uint32Array[] } | undefined;

  /** Reads nothing yet. */
  constructor(dataset: Dataset, options: TrainingImagesOptions) {
    this.#dataset = dataset;
    this.#cutter = new ImageCutter(dataset, options);
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
        runs: this.#dataset.runs,
        shuffleBuffer: SHUFFLE_BUFFER,
      });
      this.#order = { epoch, batches };
    }
    return this.#order.batches[index % this.batchesPerEpoch]!;
  }

  async #read(index: number): Promise<Tensor<"uint8">> {
    const { size, seed } = this.#options;
    const where = {
      dataset: this.#dataset,
      seed,
      epoch: Math.floor(index / this.batchesPerEpoch),
    };
    const load = async (row: number) => (await this.#cutter.views(row, where.epoch, [size]))?.[0];
    const rows = Array.from(this.#rows(index), (row) => loadOrReplace(row, load, where));
    return stackViews(await Promise.all(rows), size);
  }

  /**
   * A batch of a run, counted over all epochs, uint8 `[N, size, size, 3]`.
   *
   * @throws {TypeError} if most images cannot be read
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
