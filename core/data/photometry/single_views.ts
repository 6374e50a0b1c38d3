/**
 * Photometry of large views on the CPU, one by one.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { probeChannelBlock } from "../../engine/ops/convolution/blocked_layout.ts";
import { type DeviceTensor, Session } from "../../engine/ort/mod.ts";
import type { JitterOrder } from "../views/parameters.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { BlurLane, createBlurSession } from "./blur_lane.ts";
import type { PhotometricView } from "./lane.ts";
import { stepsOf, thresholdOf } from "./photometric_graph.ts";
import { applyPixelSteps, type PixelSteps } from "./pixel_steps.ts";

/** What was drawn for a view. */
interface DrawnView {
  /** The steps before the blur, and those behind it. */
  readonly before: PixelSteps;
  readonly after: PixelSteps;
  /** Standard deviation of the blur; 0 is no blur. */
  readonly sigma: number;
}

/**
 * Photometry of views that are large enough for each to be worth a run: the steps that change each pixel by itself are
 * taken on this thread, and only blurs go through a graph, side by side on the threads.
 */
export class SingleViews implements Disposable {
  readonly #recipe: ViewRecipe;
  readonly #owned: DisposableStack;
  readonly #lanes: readonly BlurLane[];

  private constructor(recipe: ViewRecipe, owned: DisposableStack, lanes: readonly BlurLane[]) {
    this.#recipe = recipe;
    this.#owned = owned;
    this.#lanes = lanes;
  }

  /**
   * Loads the graph of a recipe's blur, if it has one.
   *
   * @param threads how many blurs run at once
   */
  static async create(recipe: ViewRecipe, threads: number): Promise<SingleViews> {
    const owned = new DisposableStack();
    try {
      if (!stepsOf(recipe).blur) return new SingleViews(recipe, owned, []);
      const session = owned.use(await createBlurSession(recipe, await probeChannelBlock(runOnce)));
      const lanes = Array.from(
        { length: threads },
        () => owned.use(new BlurLane(session, recipe.size)),
      );
      return new SingleViews(recipe, owned, lanes);
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /** Writes a batch of views, normalised, into a tensor `[N,3,S,S]` on the CPU. */
  async apply(
    { images, photometry }: PhotometricView,
    into: DeviceTensor<"float32">,
  ): Promise<void> {
    const count = images.shape[0]!;
    const length = elementCount(images.shape.slice(1));
    const part = <A extends Uint8Array | Float32Array>(whole: A, sample: number) =>
      whole.subarray(sample * length, (sample + 1) * length) as A;
    const drawn = Array.from(
      { length: count },
      (_, sample) => drawnFor(sample, photometry, this.#recipe),
    );
    const blurred = drawn.entries().filter(([, { sigma }]) => sigma > 0);
    const blurring = this.#lanes.map(async (lane) => {
      for (const [sample, { before, after, sigma }] of blurred) {
        applyPixelSteps(part(images.data, sample), before, lane.pixels);
        applyPixelSteps(await lane.blur(sigma), after, part(into.data, sample));
      }
    });
    // While threads blur, this one takes what is not blurred.
    for (const [sample, { before, after, sigma }] of drawn.entries()) {
      if (sigma > 0) continue;
      applyPixelSteps(part(images.data, sample), { ...before, ...after }, part(into.data, sample));
    }
    await Promise.all(blurring);
  }

  /** Releases the session. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

async function runOnce(outputs: Readonly<Record<string, Value>>): Promise<Record<string, Tensor>> {
  using session = await Session.create(encodeModel({ outputs }), { threads: 1 });
  return await session.run({});
}

/** Those of a recipe's steps that were drawn for a sample. */
function drawnFor(
  sample: number,
  drawn: PhotometricView["photometry"],
  recipe: ViewRecipe,
): DrawnView {
  const { jitter, grayscale, blur, solarize } = stepsOf(recipe);
  const of = ({ data }: Tensor) => Number(data[sample]);
  const order = Array.from(drawn.jitter_order.data.subarray(4 * sample, 4 * sample + 4), Number);
  const before: PixelSteps = {
    ...(jitter && of(drawn.jitter) !== 0 && {
      jitter: {
        order: order as unknown as JitterOrder,
        brightness: of(drawn.brightness),
        contrast: of(drawn.contrast),
        saturation: of(drawn.saturation),
        hue: of(drawn.hue),
      },
    }),
    grayscale: grayscale && of(drawn.grayscale) !== 0,
  };
  const normalize = { normalize: recipe.normalize };
  const sigma = blur ? of(drawn.blur_sigma) : 0;
  if (solarize && of(drawn.solarize) !== 0) {
    return { before, after: { solarize: thresholdOf(recipe), ...normalize }, sigma };
  }
  // A blur's weights add up to 1, so that normalisation may as well come before it.
  return { before: { ...before, ...normalize }, after: {}, sigma };
}
