/**
 * Tokens of images, whichever network makes them.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { float32, type Tensor } from "../engine/graph/tensor.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { reshape } from "../engine/ops/reshape.ts";
import type { Placement, Session } from "../engine/ort/mod.ts";
import { ImageEncoder } from "./image_encoder.ts";

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
   * Loads a graph that ends in outputs made of the tokens.
   *
   * @param images float32 `[N, 3, H, W]`, normalised as the view says; made of the inputs of the graph
   * @param build makes the outputs, by name, from the tokens, float32 `[N, rows · columns, width]`
   * @param options where it runs (default the CPU)
   */
  createSession(
    images: Value,
    build: (tokens: Value) => Readonly<Record<string, Value>>,
    options?: Partial<Placement>,
  ): Promise<Session>;
}

/** How a {@linkcode TokenEncoder} is run. */
export interface TokenEncoderOptions extends Partial<Placement> {
  /** Images in a run. */
  readonly batchSize: number;
  /**
   * A component v of D coordinates: then each token x gives its score x · v alone, and no tokens leave the device.
   */
  readonly component?: Float32Array;
}

/** The outputs of a graph on tokens: themselves, or their scores. */
function headOf(network: TokenNetwork, component: Float32Array | undefined) {
  if (component === undefined) return (tokens: Value) => ({ encoded: tokens });
  if (component.length !== network.width) {
    throw new GenviewRangeError(
      `Cannot score the tokens of ${network.name}: the component must have their ${network.width} ` +
        `features, found ${component.length}`,
    );
  }
  const column = constant(float32([network.width, 1], component));
  return (tokens: Value) => ({
    encoded: reshape(matMul(tokens, column), tokens.shape.slice(0, 2)),
  });
}

/** A network that is loaded and turns batches of images into tokens, or into the tokens' scores. */
export class TokenEncoder implements Disposable {
  /** The network that it runs. */
  readonly network: TokenNetwork;
  readonly #encoder: ImageEncoder<"encoded">;

  private constructor(network: TokenNetwork, encoder: ImageEncoder<"encoded">) {
    this.network = network;
    this.#encoder = encoder;
  }

  /**
   * Loads a network.
   *
   * @throws {RangeError} if the component does not fit the tokens
   * @throws {TypeError} if the weights do not fit the network
   */
  static async create(network: TokenNetwork, options: TokenEncoderOptions): Promise<TokenEncoder> {
    const { component, ...running } = options;
    const { size, normalize } = network.view;
    const head = headOf(network, component);
    const load = (normalized: Value) => network.createSession(normalized, head, running);
    const encoder = await ImageEncoder.create({ ...running, size, normalize }, load, ["encoded"]);
    return new TokenEncoder(network, encoder);
  }

  /**
   * Tokens of images, or their scores. One call must end before the next.
   *
   * @param images uint8 `[n, H, W, 3]` with n at most the batch size
   * @returns float32 `[n, rows · columns, width]`, or with a component `[n, rows · columns]`
   * @throws {RangeError} if the images do not fit
   */
  async encode(images: Tensor<"uint8">): Promise<Tensor<"float32">> {
    return (await this.#encoder.encode(images)).encoded;
  }

  /** Releases the session and its buffers. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}
