/**
 * Features of images by a frozen backbone, computed from the parameters where they lie.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import type { Backbone } from "../backbones/backbone.ts";
import { normalizePixels } from "../data/normalize_pixels.ts";
import type { Normalization } from "../data/views/recipe.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { type Binding, type Device, DeviceTensor, Session } from "../engine/ort/mod.ts";

/** What a {@linkcode FeatureExtractor} is made of. */
export interface FeatureExtractorOptions {
  readonly backbone: Backbone;
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** Images in a run; a shorter batch is filled up and cut again. */
  readonly batchSize: number;
  readonly normalize: Normalization;
  readonly device: Device;
  /** Threads on the CPU; all cores when left out. */
  readonly threads?: number;
}

/** The backbone's inference graph: its input, its features and the scope that names its parameters. */
export function buildFeatureGraph(
  { backbone, size, batchSize, normalize }: FeatureExtractorOptions,
): { images: Value; features: Value; scope: Scope } {
  const scope = new Scope({ training: false });
  const images = input("images", "uint8", [batchSize, size, size, 3]);
  const features = scope.enter(
    "backbone",
    (inner) => backbone.apply(inner, normalizePixels(images, normalize)),
  );
  return { images, features, scope };
}

/** A frozen backbone, ready to turn images into features. */
export class FeatureExtractor implements Disposable {
  /** Number of coordinates of a feature. */
  readonly width: number;
  readonly #owned: DisposableStack;
  readonly #images: DeviceTensor<"uint8">;
  readonly #features: DeviceTensor<"float32">;
  readonly #binding: Binding;

  private constructor(
    owned: DisposableStack,
    images: DeviceTensor<"uint8">,
    features: DeviceTensor<"float32">,
    binding: Binding,
  ) {
    this.width = features.type.shape[1]!;
    this.#owned = owned;
    this.#images = images;
    this.#features = features;
    this.#binding = binding;
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
    const { features, images, scope } = buildFeatureGraph(options);
    const model = encodeModel({ outputs: { features } });
    using owned = new DisposableStack();
    const session = owned.use(
      await Session.create(model, {
        device: options.device,
        ...(options.threads !== undefined && { threads: options.threads }),
      }),
    );
    const batch = owned.use(DeviceTensor.empty({ dtype: "uint8", shape: images.shape }));
    const result = owned.use(DeviceTensor.empty({ dtype: "float32", shape: features.shape }));
    const inputs: Record<string, DeviceTensor> = {};
    for (const { name } of session.inputs) {
      const found = name === "images" ? batch : weights.get(name);
      if (found === undefined) {
        throw new GenviewTypeError(
          `Cannot extract features: parameter "${name}" (${
            formatType(scope.declarations.get(name)!.value.type)
          }) is missing`,
        );
      }
      inputs[name] = found;
    }
    const binding = owned.use(session.bind(inputs, { features: result }));
    return new FeatureExtractor(owned.move(), batch, result, binding);
  }

  /**
   * Features of images.
   *
   * @param images uint8 `[n,H,W,3]` with n at most the batch size
   * @returns float32 `[n,width]`
   * @throws {RangeError} if the images do not fit
   */
  async extract(images: Tensor<"uint8">): Promise<Tensor<"float32">> {
    const [batchSize, ...imageShape] = this.#images.type.shape;
    const [count = 0, ...given] = images.shape;
    if (String(given) !== String(imageShape) || count > batchSize!) {
      throw new GenviewRangeError(
        `Cannot extract features of ${formatType(images)}: at most ${
          formatType(this.#images.type)
        } fits`,
      );
    }
    const whole = new Uint8Array(elementCount(this.#images.type.shape));
    whole.set(images.data);
    this.#images.write(tensor("uint8", this.#images.type.shape, whole));
    await this.#binding.run();
    const { data } = this.#features.read();
    return tensor("float32", [count, this.width], data.slice(0, count * this.width));
  }

  /** Releases the session and its buffers; the weights stay. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
