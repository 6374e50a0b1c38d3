/**
 * CLIP's image towers, ready to run on a publisher's file of weights.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { dirname } from "node:path";
import { normalizePixels } from "../data/normalize_pixels.ts";
import { byteSize, type DType } from "../engine/graph/dtype.ts";
import { elementCount, sameShape } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { cast } from "../engine/ops/cast.ts";
import { withTarget } from "../engine/graph/target.ts";
import { type Binding, CPU, type Device, DeviceTensor, Session } from "../engine/ort/mod.ts";
import { openTensors } from "../weights/open_tensors.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import type { ClipModel } from "../backbones/clip_models.ts";
import type { ClipOutputs } from "../backbones/clip_tower.ts";
import { clipInitializers } from "../backbones/clip_weights.ts";

/**
 * Bytes of float32 weights up to which the CPU's blocked kernels are used: they save 7 % (ViT-B/16) to
 * 17 % (ConvNeXt-B) of the time, but ONNX Runtime holds the weights twice while it loads the model. Above, no
 * more than one copy is ever held.
 */
const BLOCKED_BYTES = 2 ** 29;

/** How a tower is run. */
export interface ClipSessionOptions {
  readonly model: Pick<ClipModel, "apply" | "inputSize" | "normalize">;
  /** Where it runs (default the CPU). */
  readonly device?: Device;
  /** Threads on the CPU; all cores when left out. */
  readonly threads?: number | undefined;
  /**
   * Type that is computed in (default float32), whichever the weights are stored in; layer normalisation and softmax
   * stay in float32. float16 is for CUDA: the CPU only emulates it.
   */
  readonly precision?: "float32" | "float16";
}

/** How a {@linkcode ClipEncoder} is run. */
export interface ClipEncoderOptions extends ClipSessionOptions {
  /** Images in a run. */
  readonly batchSize: number;
  /** Height and width of the images, in pixels (default the model's). */
  readonly size?: number;
}

/** Whether a tower's weights are few enough to be blocked. */
function suitsBlocks(model: ClipSessionOptions["model"], images: Value): boolean {
  const scope = new Scope();
  model.apply(scope, input("declared", "float32", images.shape));
  const bytes = [...scope.declarations.values()]
    .reduce((sum, { value }) => sum + elementCount(value.shape) * byteSize(value.dtype), 0);
  return bytes <= BLOCKED_BYTES;
}

/**
 * Loads a graph of what becomes of a tower's outputs.
 *
 * The weights stay in their file: ONNX Runtime maps it into memory, so what they take can be given back and had again
 * by the system. They are converted as they are loaded where they are stored in another type than is computed in.
 *
 * @param file open file of safetensors or pth, in the names of open_clip, transformers or timm
 * @param images float32 `[N, 3, H, W]`, normalised by the model's statistics; made of the inputs of the graph
 * @param build makes the outputs, by name, from the tower's in float32
 * @throws {TypeError} if the file does not fit the tower; all that is wrong is listed
 */
export async function createClipSession(
  file: TensorFile,
  images: Value,
  build: (outputs: ClipOutputs) => Readonly<Record<string, Value>>,
  options: ClipSessionOptions,
): Promise<Session> {
  const { model, device = CPU, precision = "float32" } = options;
  const scope = new Scope({ dtype: precision });
  const { tokens, pooled } = withTarget(
    { fixedWeights: device.provider === "cpu" && suitsBlocks(model, images) },
    () => model.apply(scope, cast(images, precision)),
  );
  const outputs = build({ tokens: cast(tokens, "float32"), pooled: cast(pooled, "float32") });
  const initializers = await clipInitializers(file, scope.declarations);
  return await Session.create(encodeModel({ outputs, initializers }), {
    device,
    threads: options.threads,
    weightsFolder: dirname(await Deno.realPath(file.path)),
  });
}

/** What a {@linkcode ClipEncoder} makes of n images. */
export interface ClipFeatures {
  /** float32 `[n, tokens, width]`, row by row. */
  readonly tokens: Tensor<"float32">;
  /** float32 `[n, embedding]`, not normalised. */
  readonly pooled: Tensor<"float32">;
}

/** The first rows of a tensor, in memory of their own. */
function firstRows(value: DeviceTensor<"float32">, count: number): Tensor<"float32"> {
  const shape = [count, ...value.type.shape.slice(1)];
  const data = value.device.provider === "cpu" ? value.data : value.read().data;
  return tensor("float32", shape, data.slice(0, elementCount(shape)));
}

/** An image tower that turns images into tokens and embeddings. */
export class ClipEncoder implements Disposable {
  readonly #owned: DisposableStack;
  readonly #images: DeviceTensor<"uint8">;
  readonly #outputs: Readonly<Record<"tokens" | "pooled", DeviceTensor<"float32">>>;
  readonly #binding: Binding;

  private constructor(
    owned: DisposableStack,
    images: DeviceTensor<"uint8">,
    outputs: Readonly<Record<"tokens" | "pooled", DeviceTensor<"float32">>>,
    binding: Binding,
  ) {
    this.#owned = owned;
    this.#images = images;
    this.#outputs = outputs;
    this.#binding = binding;
  }

  /**
   * Loads a tower.
   *
   * @param weights path of a safetensors or pth file in the names of open_clip, transformers or timm, or the open file;
   * it must stay where it is
   * @throws {TypeError} if the file does not fit the tower; all that is wrong is listed
   */
  static async create(
    weights: string | TensorFile,
    options: ClipEncoderOptions,
  ): Promise<ClipEncoder> {
    if (typeof weights === "string") {
      using file = await openTensors(weights);
      return await ClipEncoder.create(file, options);
    }
    const { model, batchSize, size = model.inputSize } = options;
    const pixels = input("images", "uint8", [batchSize, size, size, 3]);
    const normalized = normalizePixels(pixels, model.normalize);
    using owned = new DisposableStack();
    const session = owned.use(
      await createClipSession(weights, normalized, (outputs) => ({ ...outputs }), options),
    );
    const shapes = Object.fromEntries(
      [...session.inputs, ...session.outputs].map(({ name, shape }) => [name, shape]),
    );
    const own = <D extends DType>(name: string, dtype: D) =>
      owned.use(DeviceTensor.empty({ dtype, shape: shapes[name]! }));
    const images = own("images", "uint8");
    const outputs = { tokens: own("tokens", "float32"), pooled: own("pooled", "float32") };
    const binding = owned.use(session.bind({ images }, outputs));
    return new ClipEncoder(owned.move(), images, outputs, binding);
  }

  /**
   * Tokens and embeddings of images. One call must end before the next.
   *
   * @param images uint8 `[n, H, W, 3]` with n at most the batch size
   * @throws {RangeError} if the images do not fit
   */
  async encode(images: Tensor<"uint8">): Promise<ClipFeatures> {
    const { type, data } = this.#images;
    const [batchSize, ...imageShape] = type.shape;
    const [count = 0, ...given] = images.shape;
    if (!sameShape(given, imageShape) || count > batchSize!) {
      throw new GenviewRangeError(
        `Cannot encode ${formatType(images)}: at most ${formatType(type)} fits`,
      );
    }
    // What a shorter batch leaves of the one before is computed and cut off.
    data.set(images.data);
    await this.#binding.run();
    return {
      tokens: firstRows(this.#outputs.tokens, count),
      pooled: firstRows(this.#outputs.pooled, count),
    };
  }

  /** Releases the session and its buffers. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
