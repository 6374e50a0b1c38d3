/**
 * The photometric part of a view recipe, loaded and run over the views of batches.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { DeviceTensor, type Placement } from "../../engine/ort/mod.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { ChunkedViews } from "./chunked_views.ts";
import { WHITE } from "./color_jitter.ts";
import type { PhotometricView } from "./lane.ts";
import { canRunAlone, SingleViews } from "./single_views.ts";

/** What a {@linkcode Photometry} is made for. */
export interface PhotometryOptions extends Placement {
  /** How the views are sampled. */
  readonly recipe: ViewRecipe;
  /** Views in a batch. */
  readonly batchSize: number;
}

/** Pixels of a view from which a CPU is faster view by view. Smaller views cost less than a run does. */
const PIXELS_ALONE = 112 ** 2;

/** Pixels that a run of smaller views has together. */
const PIXELS_TOGETHER = 64 * 32 ** 2;

function openViews(options: PhotometryOptions): Promise<SingleViews | ChunkedViews> {
  const { recipe, batchSize, device } = options;
  const threads = options.threads || navigator.hardwareConcurrency;
  if (device.provider !== "cpu") {
    return ChunkedViews.create({ recipe, device, chunkSize: batchSize, lanes: 1 });
  }
  const pixels = recipe.size ** 2;
  if (pixels >= PIXELS_ALONE && canRunAlone(recipe)) {
    return SingleViews.create(recipe, Math.min(threads, batchSize));
  }
  const chunkSize = Math.max(1, Math.min(batchSize, Math.floor(PIXELS_TOGETHER / pixels)));
  const lanes = Math.min(threads, Math.ceil(batchSize / chunkSize));
  return ChunkedViews.create({ recipe, device, chunkSize, lanes });
}

/**
 * The photometric part of one recipe on one device. On the CPU large views are taken one by one, each with the steps
 * that were sampled for it. Small views run in chunks, and on other devices the batch runs as a whole, through one graph
 * that has all steps.
 */
export class Photometry implements Disposable {
  readonly #options: PhotometryOptions;
  readonly #views: SingleViews | ChunkedViews;

  private constructor(options: PhotometryOptions, views: SingleViews | ChunkedViews) {
    this.#options = options;
    this.#views = views;
  }

  /** Builds and loads the graphs of a recipe. */
  static async create(options: PhotometryOptions): Promise<Photometry> {
    return new Photometry(options, await openViews(options));
  }

  /**
   * Writes a batch of views, normalised, into a tensor `[N,3,S,S]` on the device. One batch at a time.
   *
   * @throws {RangeError} if there are not as many views as the batch has
   */
  async apply(view: PhotometricView, into: DeviceTensor<"float32">): Promise<void> {
    const { batchSize } = this.#options;
    if (view.images.shape[0] !== batchSize) {
      throw new GenviewRangeError(
        `Cannot apply photometry: the batch must have ${batchSize} views, found ${
          view.images.shape[0]
        }`,
      );
    }
    await this.#views.apply(view, into);
  }

  /**
   * Views of a batch as pictures, uint8 `[N,S,S,3]`, not normalised.
   *
   * @throws {RangeError} if there are not as many views as the batch has
   */
  async pictures(view: PhotometricView): Promise<Tensor<"uint8">> {
    const { recipe: { size, normalize: { mean, std } }, batchSize, device } = this.#options;
    using into = DeviceTensor.empty(
      { dtype: "float32", shape: [batchSize, 3, size, size] },
      device,
    );
    await this.apply(view, into);
    const { data: views } = into.read();
    const data = new Uint8ClampedArray(elementCount(view.images.shape));
    const area = size ** 2;
    for (let plane = 0; plane < batchSize * 3; plane++) {
      const channel = plane % 3;
      const from = (plane - channel) * area + channel;
      for (let i = 0; i < area; i++) {
        data[from + 3 * i] = WHITE * (views[plane * area + i]! * std[channel]! + mean[channel]!);
      }
    }
    return tensor("uint8", view.images.shape, new Uint8Array(data.buffer));
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#views[Symbol.dispose]();
  }
}
