/**
 * Features of images by any network that makes tokens: the mean of an image's tokens.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { evaluationLoader } from "../../data/loader/evaluation_loader.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { ImageEncoder } from "../../encoders/image_encoder.ts";
import type { TokenNetwork } from "../../encoders/token_encoder.ts";

/** Images that a network is given together. */
const BATCH_SIZE = 32;

/** A network that gives an image the mean of its tokens; of ResNets these are the features before the classifier. */
export class MeanTokens implements Disposable {
  readonly #network: TokenNetwork;
  readonly #encoder: ImageEncoder<"features">;

  private constructor(network: TokenNetwork, encoder: ImageEncoder<"features">) {
    this.#network = network;
    this.#encoder = encoder;
  }

  /**
   * Loads a network.
   *
   * @throws {TypeError} if its weights do not fit it
   */
  static async create(network: TokenNetwork, placement: Partial<Placement>): Promise<MeanTokens> {
    const { size, normalize } = network.view;
    const encoder = await ImageEncoder.create(
      { ...placement, batchSize: BATCH_SIZE, size, normalize },
      (normalized) =>
        network.createSession(
          normalized,
          (tokens) => ({ features: reduceMean(tokens, { axes: [1] }) }),
          placement,
        ),
      ["features"],
    );
    return new MeanTokens(network, encoder);
  }

  /**
   * Features of all images of a data set, `[N, width]`.
   *
   * @throws {UnreadableImageError} if one cannot be read
   */
  async of(dataset: Dataset): Promise<Tensor<"float32">> {
    const { view, width } = this.#network;
    const data = new Float32Array(dataset.length * width);
    const loader = evaluationLoader(dataset, view, { batchSize: BATCH_SIZE, strict: true });
    for await (const { batch, images } of loader) {
      const { features } = await this.#encoder.encode(images);
      data.set(features.data, batch * BATCH_SIZE * width);
    }
    return tensor("float32", [dataset.length, width], data);
  }

  /** Releases the network. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}
