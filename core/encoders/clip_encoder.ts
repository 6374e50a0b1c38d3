/**
 * CLIP's image towers, ready to run on a publisher's file of weights.
 *
 * @module
 */
import { dirname } from "node:path";
import { byteSize } from "../engine/graph/dtype.ts";
import { elementCount } from "../engine/graph/shape.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { cast } from "../engine/ops/cast.ts";
import { withTarget } from "../engine/graph/target.ts";
import { CPU, type Placement, Session } from "../engine/ort/mod.ts";
import { openTensors } from "../weights/open_tensors.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import type { ClipModel } from "../backbones/clip_models.ts";
import type { ClipOutputs } from "../backbones/clip_tower.ts";
import { clipInitializers } from "../backbones/clip_weights.ts";
import { ImageEncoder } from "./image_encoder.ts";

/**
 * Bytes of float32 weights up to which the CPU's blocked kernels are used: they save 7 % (ViT-B/16) to
 * 17 % (ConvNeXt-B) of the time, but ONNX Runtime holds the weights twice while it loads the model. Above, no
 * more than one copy is ever held.
 */
const BLOCKED_BYTES = 2 ** 29;

/** How a tower is run: on the CPU where no device is named. */
export interface ClipSessionOptions extends Partial<Placement> {
  /** The tower, and how its images are prepared. */
  readonly model: Pick<ClipModel, "apply" | "inputSize" | "normalize">;
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
 * Loads a graph that ends in outputs made of a tower's.
 *
 * The weights stay in their file, which ONNX Runtime maps into memory: its pages can be evicted. They are converted as
 * they are loaded where they are stored in another type than is computed in.
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
  const { provider } = device;
  const outputs = withTarget(
    { provider, fixedWeights: provider === "cpu" && suitsBlocks(model, images) },
    () => {
      const { tokens, pooled } = model.apply(scope, cast(images, precision));
      return build({ tokens: cast(tokens, "float32"), pooled: cast(pooled, "float32") });
    },
  );
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

/** An image tower that turns images into tokens and embeddings. */
export class ClipEncoder implements Disposable {
  readonly #encoder: ImageEncoder<"tokens" | "pooled">;

  private constructor(encoder: ImageEncoder<"tokens" | "pooled">) {
    this.#encoder = encoder;
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
    const { inputSize, normalize } = options.model;
    const load = (normalized: Value) =>
      createClipSession(weights, normalized, (outputs) => ({ ...outputs }), options);
    const running = { ...options, size: options.size ?? inputSize, normalize };
    return new ClipEncoder(await ImageEncoder.create(running, load, ["tokens", "pooled"]));
  }

  /**
   * Tokens and embeddings of images. One call must end before the next.
   *
   * @param images uint8 `[n, H, W, 3]` with n at most the batch size
   * @throws {RangeError} if the images do not fit
   */
  async encode(images: Tensor<"uint8">): Promise<ClipFeatures> {
    return await this.#encoder.encode(images);
  }

  /** Releases the session and its buffers. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}
