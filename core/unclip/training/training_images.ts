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
  /** Which images are taken, by index; others are replaced as those are that cannot be read (default all). */
  readonly isTaken?: (row: number) => boolean;
}

/** Images that are trained on together. */
export interface TrainingBatch {
  /** uint8 `[N, size, size, 3]`. */
  readonly images: Tensor<"uint8">;
  /** Their indices in the data set. */
  readonly rows: readonly number[];
}

/**
 * The images of a data set as batches, in an order of each epoch's own, which reads shards forwards as that of pretraining does;
 * the next batch is read while one is used. One that cannot be read is replaced by another.
 */
export class TrainingImages {
  readonly #dataset: Dataset;
  readonly #cutter: ImageCutter;
  readonly #options: TrainingImagesOptions;
  #next: { readonly index: number; readonly batch: Promise<TrainingBatch> } | undefined;
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

  async #read(index: number): Promise<TrainingBatch> {
    const { size, seed, isTaken = () => true } = this.#options;
    const where = {
      dataset: this.#dataset,
      seed,
      epoch: Math.floor(index / this.batchesPerEpoch),
    };
    const load = async (row: number) => {
      const views = isTaken(row) ? await this.#cutter.views(row, where.epoch, [size]) : undefined;
      return views && { row, view: views[0]! };
    };
    const loaded = await Promise.all(
      Array.from(this.#rows(index), (row) => loadOrReplace(row, load, where)),
    );
    const images = stackViews(loaded.map(({ view }) => view), size);
    return { images, rows: loaded.map(({ row }) => row) };
  }

  /**
   * A batch of a run, counted over all epochs.
   *
   * @throws {TypeError} if most images cannot be read
   */
  async batch(index: number): Promise<TrainingBatch> {
    const batch = await (this.#next?.index === index ? this.#next.batch : this.#read(index));
    const next = this.#read(index + 1);
    // It is waited for when its turn comes, or not at all.
    next.catch(() => {});
    this.#next = { index: index + 1, batch: next };
    return batch;
  }
}
