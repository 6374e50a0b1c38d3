/**
 * Features of images by a frozen backbone, computed from the parameters where they lie.
 *
 * @module
 */
import type { Backbone } from "../backbones/backbone.ts";
import { withTarget } from "../engine/graph/target.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { CPU, type DeviceTensor, Session } from "../engine/ort/mod.ts";
import { ImageEncoder, type ImageEncoderOptions, imageInput } from "./image_encoder.ts";

/** What a {@linkcode FeatureExtractor} is made of, and how it is run. */
export interface FeatureExtractorOptions extends ImageEncoderOptions {
  /** The network. */
  readonly backbone: Backbone;
}

function applyBackbone(backbone: Backbone, normalized: Value): { features: Value; scope: Scope } {
  const scope = new Scope({ training: false });
  const features = scope.enter("backbone", (inner) => backbone.apply(inner, normalized));
  return { features, scope };
}

/** The backbone's inference graph: its input, its features and the scope that names its parameters. */
export function buildFeatureGraph(
  { backbone, ...options }: FeatureExtractorOptions,
): { images: Value; features: Value; scope: Scope } {
  const { images, normalized } = imageInput(options);
  return { images, ...applyBackbone(backbone, normalized) };
}

/** A frozen backbone, ready to turn images into features. */
export class FeatureExtractor implements Disposable {
  /** Number of coordinates of a feature. */
  readonly width: number;
  readonly #encoder: ImageEncoder<"features">;

  private constructor(width: number, encoder: ImageEncoder<"features">) {
    this.width = width;
    this.#encoder = encoder;
  }

  /**
   * Loads the inference graph and binds it to parameters where they lie; they may change between runs.
   *
   * @param weights parameters and buffers by full name, such as `backbone.conv1.weight`
   * @throws {TypeError} if one is missing
   */
  static async create(
    options: FeatureExtractorOptions,
    weights: ReadonlyMap<string, DeviceTensor>,
  ): Promise<FeatureExtractor> {
    const { backbone, device = CPU, threads } = options;
    const load = (normalized: Value) => {
      const { features } = withTarget(
        { provider: device.provider },
        () => applyBackbone(backbone, normalized),
      );
      return Session.create(encodeModel({ outputs: { features } }), { device, threads });
    };
    const encoder = await ImageEncoder.create(options, load, ["features"], weights);
    return new FeatureExtractor(backbone.width, encoder);
  }

  /**
   * Features of images. One call must end before the next.
   *
   * @param images uint8 `[n,H,W,3]` with n at most the batch size
   * @returns float32 `[n,width]`
   * @throws {RangeError} if the images do not fit
   */
  async extract(images: Tensor<"uint8">): Promise<Tensor<"float32">> {
    return (await this.#encoder.encode(images)).features;
  }

  /** Releases the session and its buffers; the weights stay. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}
