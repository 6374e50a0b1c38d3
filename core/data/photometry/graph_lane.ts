/**
 * Lanes: what one thread needs to run a step that is a graph of its own over views, one by one.
 *
 * @module
 */
import { withTarget } from "../../engine/graph/target.ts";
import { input } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../../engine/ort/mod.ts";
import type { GraphKernel } from "../views/steps/mod.ts";

/**
 * Loads the graph of a step on a view: `pixels` `[1,3,S,S]` by `strength` `[1]`, to `views`.
 *
 * @param size height and width of the views in pixels
 * @param channelBlock channels that ONNX Runtime's kernels on this CPU block together
 */
export async function createStepSession<Recipe>(
  kernel: GraphKernel<Recipe, unknown>,
  recipe: Recipe,
  size: number,
  channelBlock: number,
): Promise<Session> {
  const pixels = input("pixels", "float32", [1, 3, size, size]);
  const strength = input("strength", "float32", [1]);
  const views = withTarget(
    { provider: "cpu" },
    () => kernel.build(pixels, strength, recipe, channelBlock),
  );
  return await Session.create(encodeModel({ outputs: { views } }), { threads: 1 });
}

/** Tensors that the graph is bound to. One view is in a lane at a time. */
export class GraphLane implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #strength: DeviceTensor<"float32">;
  readonly #binding: Binding;
  readonly #pixels: DeviceTensor<"float32">;
  readonly #views: DeviceTensor<"float32">;

  /** @param size of the views, in pixels */
  constructor(session: Session, size: number) {
    const empty = (shape: readonly number[]) =>
      this.#owned.use(DeviceTensor.empty({ dtype: "float32", shape }, CPU));
    this.#pixels = empty([1, 3, size, size]);
    this.#views = empty([1, 3, size, size]);
    this.#strength = empty([1]);
    const inputs = { pixels: this.#pixels, strength: this.#strength };
    this.#binding = this.#owned.use(session.bind(inputs, { views: this.#views }));
  }

  /** The view that the step is applied to, float32 `[3,S,S]`. */
  get pixels(): Float32Array {
    return this.#pixels.data;
  }

  /** Applies the step; its result is overwritten by the next run. */
  async run(strength: number): Promise<Float32Array> {
    this.#strength.data[0] = strength;
    await this.#binding.run();
    return this.#views.data;
  }

  /** Frees the tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
