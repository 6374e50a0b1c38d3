/**
 * Lanes: what one thread needs to blur views one by one.
 *
 * @module
 */
import { input } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../../engine/ort/mod.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { blurKernelLength, gaussianBlur } from "./gaussian_blur.ts";

/**
 * Loads the graph that blurs a view of a recipe: `pixels` `[1,3,S,S]` by `blur_sigma` `[1]`, to `views`.
 *
 * @param channelBlock channels that ONNX Runtime's kernels on this CPU block together
 */
export async function createBlurSession(
  { size, blur }: Pick<ViewRecipe, "size" | "blur">,
  channelBlock: number,
): Promise<Session> {
  const pixels = input("pixels", "float32", [1, 3, size, size]);
  const views = gaussianBlur(pixels, input("blur_sigma", "float32", [1]), {
    kernelLength: blurKernelLength(size),
    channelBlock,
    ...(blur && { widest: blur.sigma[1] }),
  });
  return await Session.create(encodeModel({ outputs: { views } }), { threads: 1 });
}

/** Tensors that the graph is bound to. One view is in a lane at a time. */
export class BlurLane implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #sigma: DeviceTensor<"float32">;
  readonly #binding: Binding;
  readonly #pixels: DeviceTensor<"float32">;
  readonly #views: DeviceTensor<"float32">;

  /** @param size of the views, in pixels */
  constructor(session: Session, size: number) {
    const empty = (shape: readonly number[]) =>
      this.#owned.use(DeviceTensor.empty({ dtype: "float32", shape }, CPU));
    this.#pixels = empty([1, 3, size, size]);
    this.#views = empty([1, 3, size, size]);
    this.#sigma = empty([1]);
    const inputs = { pixels: this.#pixels, blur_sigma: this.#sigma };
    this.#binding = this.#owned.use(session.bind(inputs, { views: this.#views }));
  }

  /** What is to be blurred. */
  get pixels(): Float32Array {
    return this.#pixels.data;
  }

  /** Blurs the pixels; what comes out is overwritten by the next blur. */
  async blur(sigma: number): Promise<Float32Array> {
    this.#sigma.data[0] = sigma;
    await this.#binding.run();
    return this.#views.data;
  }

  /** Frees the tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
