/**
 * Tokens of images, whichever network makes them.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { normalizePixels } from "../data/normalize_pixels.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { elementCount, sameShape } from "../engine/graph/shape.ts";
import { float32, formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { constant, input, type Value } from "../engine/graph/value.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { type Binding, CPU, type Device, DeviceTensor, type Session } from "../engine/ort/mod.ts";

/** How a network that makes tokens is run. */
export interface TokenSessionOptions {
  /** Where it runs (default the CPU). */
  readonly device?: Device;
  /** Threads on the CPU; all cores when left out. */
  readonly threads?: number | undefined;
}

/** A network with weights, which turns an image into a grid of tokens. It is always built for inference. */
export interface TokenNetwork {
  /** What reports and folders call it. */
  readonly name: string;
  /** File that its weights were read from; undefined if they were never in one. */
  readonly weightsFile?: string;
  /** How images are cut for it; the size is that of its images. */
  readonly view: EvaluationRecipe;
  /** Rows and columns of an image's tokens. */
  readonly grid: readonly [rows: number, columns: number];
  /** Features of a token. */
  readonly width: number;
  /**
   * Loads a graph of what becomes of the tokens.
   *
   * @param images float32 `[N, 3, H, W]`, normalised as the view says; made of the inputs of the graph
   * @param build makes the outputs, by name, from the tokens, float32 `[N, rows · columns, width]`
   */
  createSession(
    images: Value,
    build: (tokens: Value) => Readonly<Record<string, Value>>,
    options?: TokenSessionOptions,
  ): Promise<Session>;
}

/** How a {@linkcode TokenEncoder} is run. */
export interface TokenEncoderOptions extends TokenSessionOptions {
  /** Images in a run. */
  readonly batchSize: number;
  /**
   * A vector that tokens are projected onto: then each token gives one number, x · v, and no tokens leave the device.
   */
  readonly projection?: Float32Array;
}

/** What becomes of tokens: themselves, or their scores. */
function headOf(network: TokenNetwork, projection: Float32Array | undefined) {
  if (projection === undefined) return (tokens: Value) => ({ encoded: tokens });
  if (projection.length !== network.width) {
    throw new GenviewRangeError(
      `Cannot project the tokens of ${network.name}: the vector must have their ${network.width} ` +
        `features, found ${projection.length}`,
    );
  }
  const vector = constant(float32([network.width, 1], projection));
  return (tokens: Value) => ({
    encoded: reshape(matMul(tokens, vector), tokens.shape.slice(0, 2)),
  });
}

/** A network that is loaded and turns batches of images into tokens, or into the tokens' scores. */
export class TokenEncoder implements Disposable {
  /** The network that it runs. */
  readonly network: TokenNetwork;
  readonly #owned: DisposableStack;
  readonly #images: DeviceTensor<"uint8">;
  readonly #encoded: DeviceTensor<"float32">;
  readonly #binding: Binding;

  private constructor(
    network: TokenNetwork,
    owned: DisposableStack,
    images: DeviceTensor<"uint8">,
    encoded: DeviceTensor<"float32">,
    binding: Binding,
  ) {
    this.network = network;
    this.#owned = owned;
    this.#images = images;
    this.#encoded = encoded;
    this.#binding = binding;
  }

  /**
   * Loads a network.
   *
   * @throws {RangeError} if the projection does not fit the tokens
   * @throws {TypeError} if the weights do not fit the network
   */
  static async create(network: TokenNetwork, options: TokenEncoderOptions): Promise<TokenEncoder> {
    const { projection, batchSize, device = CPU } = options;
    const [rows, columns] = network.grid;
    const { size, normalize } = network.view;
    const pixels = input("images", "uint8", [batchSize, size, size, 3]);
    using owned = new DisposableStack();
    const session = owned.use(
      await network.createSession(
        normalizePixels(pixels, normalize),
        headOf(network, projection),
        options,
      ),
    );
    const images = owned.use(
      DeviceTensor.empty({ dtype: "uint8", shape: [batchSize, size, size, 3] }, device),
    );
    const shape = [batchSize, rows * columns, ...(projection ? [] : [network.width])];
    const encoded = owned.use(DeviceTensor.empty({ dtype: "float32", shape }, device));
    const binding = owned.use(session.bind({ images }, { encoded }));
    return new TokenEncoder(network, owned.move(), images, encoded, binding);
  }

  /**
   * Tokens of images, or their scores. One call must end before the next.
   *
   * @param images uint8 `[n, H, W, 3]` with n at most the batch size
   * @returns float32 `[n, rows · columns, width]`, or with a projection `[n, rows · columns]`
   * @throws {RangeError} if the images do not fit
   */
  async encode(images: Tensor<"uint8">): Promise<Tensor<"float32">> {
    const { type } = this.#images;
    const [batchSize, ...imageShape] = type.shape;
    const [count = 0, ...given] = images.shape;
    if (!sameShape(given, imageShape) || count > batchSize!) {
      throw new GenviewRangeError(
        `Cannot encode ${formatType(images)}: at most ${formatType(type)} fits`,
      );
    }
    const whole = new Uint8Array(elementCount(type.shape));
    whole.set(images.data);
    this.#images.write(tensor("uint8", type.shape, whole));
    await this.#binding.run();
    const shape = [count, ...this.#encoded.type.shape.slice(1)];
    const { data } = this.#encoded.read();
    return tensor("float32", shape, data.slice(0, elementCount(shape)));
  }

  /** Releases the session and its buffers. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
