/**
 * The life that all frozen networks on images have in common: images are normalised in the graph, memory is bound once,
 * a short batch is filled up, and what was computed of the filling is cut off.
 *
 * @module
 */
import { normalizePixels } from "../data/normalize_pixels.ts";
import type { Normalization } from "../data/views/recipe.ts";
import { elementCount, sameShape } from "../engine/graph/shape.ts";
import { withTarget } from "../engine/graph/target.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import {
  type Binding,
  CPU,
  DeviceTensor,
  type Placement,
  type Session,
} from "../engine/ort/mod.ts";
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";

/** How an {@linkcode ImageEncoder} is run: the CPU where no device is named. */
export interface ImageEncoderOptions extends Partial<Placement> {
  /** Images in a run; a shorter batch is filled up and cut again. */
  readonly batchSize: number;
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** Statistics that the images are normalised with. */
  readonly normalize: Normalization;
}

/** The input of a graph on images, and the same normalised: uint8 `[N, H, W, 3]` to float32 `[N, 3, H, W]`. */
export function imageInput(
  { batchSize, size, normalize }: Pick<ImageEncoderOptions, "batchSize" | "size" | "normalize">,
): { readonly images: Value; readonly normalized: Value } {
  const images = input("images", "uint8", [batchSize, size, size, 3]);
  return { images, normalized: normalizePixels(images, normalize) };
}

/** The first rows of a tensor, in memory of their own. */
function firstRows(value: DeviceTensor<"float32">, count: number): Tensor<"float32"> {
  const shape = [count, ...value.type.shape.slice(1)];
  const data = value.device.provider === "cpu" ? value.data : value.read().data;
  return tensor("float32", shape, data.slice(0, elementCount(shape)));
}

/** A frozen network that is loaded and turns batches of images into float32 outputs of one row for each. */
export class ImageEncoder<Output extends string> implements Disposable {
  readonly #owned: DisposableStack;
  readonly #images: DeviceTensor<"uint8">;
  readonly #outputs: Readonly<Record<Output, DeviceTensor<"float32">>>;
  readonly #binding: Binding;

  private constructor(
    owned: DisposableStack,
    images: DeviceTensor<"uint8">,
    outputs: Readonly<Record<Output, DeviceTensor<"float32">>>,
    binding: Binding,
  ) {
    this.#owned = owned;
    this.#images = images;
    this.#outputs = outputs;
    this.#binding = binding;
  }

  /**
   * Loads a network and binds its memory.
   *
   * @param load makes a session from the normalised images, whose outputs are named `outputs`
   * @param weights further inputs of the session, bound where they lie; they may change between runs
   * @throws {TypeError} if one of those inputs is missing, or what `load` throws
   */
  static async create<const Output extends string>(
    { device = CPU, ...options }: ImageEncoderOptions,
    load: (normalized: Value) => Promise<Session>,
    outputs: readonly Output[],
    weights: ReadonlyMap<string, DeviceTensor> = new Map(),
  ): Promise<ImageEncoder<Output>> {
    const { images, normalized } = withTarget(
      { provider: device.provider },
      () => imageInput(options),
    );
    using owned = new DisposableStack();
    const session = owned.use(await load(normalized));
    const batch = owned.use(DeviceTensor.empty({ dtype: "uint8", shape: images.shape }, device));
    const inputs = Object.fromEntries(session.inputs.map((type) => {
      const found = type.name === "images" ? batch : weights.get(type.name);
      if (found !== undefined) return [type.name, found];
      throw new GenviewTypeError(
        `Cannot encode images: parameter "${type.name}" (${formatType(type)}) is missing`,
      );
    }));
    const results = Object.fromEntries(outputs.map((name) => {
      const { shape } = session.outputs.find((type) => type.name === name)!;
      return [name, owned.use(DeviceTensor.empty({ dtype: "float32", shape }, device))];
    })) as Record<Output, DeviceTensor<"float32">>;
    const binding = owned.use(session.bind(inputs, results));
    return new ImageEncoder(owned.move(), batch, results, binding);
  }

  /**
   * Outputs of images. One call must end before the next.
   *
   * @param images uint8 `[n, H, W, 3]` with n at most the batch size
   * @returns each output's first n rows
   * @throws {RangeError} if the images do not fit
   */
  async encode(images: Tensor<"uint8">): Promise<Record<Output, Tensor<"float32">>> {
    const { type } = this.#images;
    const [batchSize, ...imageShape] = type.shape;
    const [count = 0, ...given] = images.shape;
    if (!sameShape(given, imageShape) || count > batchSize!) {
      throw new GenviewRangeError(
        `Cannot encode ${formatType(images)}: at most ${formatType(type)} fits`,
      );
    }
    this.#place(images);
    await this.#binding.run();
    const cut = Object.entries<DeviceTensor<"float32">>(this.#outputs)
      .map(([name, value]) => [name, firstRows(value, count)]);
    return Object.fromEntries(cut) as Record<Output, Tensor<"float32">>;
  }

  /** Puts images into the batch; stale rows behind them are computed as well and discarded. */
  #place(images: Tensor<"uint8">): void {
    const batch = this.#images;
    if (batch.device.provider === "cpu") return batch.data.set(images.data);
    const whole = new Uint8Array(elementCount(batch.type.shape));
    whole.set(images.data);
    batch.write(tensor("uint8", batch.type.shape, whole));
  }

  /** Releases the session and its buffers; weights that were bound stay. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
