/**
 * Views on their way into a training step: the photometric graphs between the loader and the first layer.
 *
 * @module
 */
import { Photometry } from "../../data/photometry/mod.ts";
import type { BatchedView } from "../../data/loader/view_loader.ts";
import type { ViewRecipe } from "../../data/views/recipe.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import type { DeviceTensor, Placement } from "../../engine/ort/mod.ts";

/**
 * Turns the views of a loader's batches into the inputs of a step.
 *
 * @example A training loop of one's own on a folder of images
 * ```ts
 * import * as gv from "../../../mod.ts";
 * import { mildView, openImageFolder, viewLoader } from "../../data/mod.ts";
 * import { ViewFeed } from "../mod.ts";
 * import { assert } from "@std/assert";
 *
 * // A pretext task: the colours of an image's second view, told from its first.
 * const batchSize = 8;
 * const views = ["first", "second"].map((name) =>
 *   gv.input(name, "float32", [batchSize, 3, 32, 32])
 * );
 * const [first, second] = views as [gv.Value, gv.Value];
 * const scope = new gv.nn.Scope({ training: true });
 * const y = gv.relu(gv.nn.conv2d(scope, "conv", first, { channels: 32, kernel: 3, stride: 2 }));
 * const colors = gv.nn.linear(scope, "predictor", gv.globalAveragePool(y), { width: 3 });
 * const error = gv.sub(colors, gv.globalAveragePool(second));
 * const parameters = [...scope.declarations.values()].map(({ value }) => value);
 * const built = gv.buildStep({
 *   loss: gv.reduceMean(gv.mul(error, error)),
 *   batch: views,
 *   parameters,
 *   state: parameters,
 *   optimizer: gv.sgd(),
 *   weightDecay: false,
 * });
 *
 * const placement = { device: gv.CPU };
 * using step = await gv.BoundStep.create(built, placement, { state: scope.initialize(0) });
 * const recipes = [mildView(32), mildView(32)];
 * using feed = await ViewFeed.create(recipes, batchSize, placement);
 * const places = [step.input("first", "float32"), step.input("second", "float32")];
 *
 * const images = await openImageFolder("fixtures/images");
 * const losses: number[] = [];
 * for (let epoch = 0; epoch < 10; epoch++) {
 *   for await (const { views } of viewLoader(images, recipes, { batchSize, seed: 0, epoch })) {
 *     await feed.write(views, places);
 *     losses.push((await step.run({ learning_rate: 0.1 })).loss);
 *   }
 * }
 * const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss) / part.length;
 * assert(mean(losses.slice(-9)) < 0.5 * mean(losses.slice(0, 3)), `the loss falls, found ${losses}`);
 * ```
 */
export class ViewFeed implements Disposable {
  readonly #owned: DisposableStack;
  readonly #photometry: readonly Photometry[];

  private constructor(owned: DisposableStack, photometry: readonly Photometry[]) {
    this.#owned = owned;
    this.#photometry = photometry;
  }

  /**
   * Loads one photometric graph for each recipe; views of equal recipes share it.
   *
   * @param recipes how each view is made, in the order of the batches' views
   * @param batchSize samples in a batch
   * @throws {RangeError} if a recipe is out of range
   */
  static async create(
    recipes: readonly ViewRecipe[],
    batchSize: number,
    placement: Placement,
  ): Promise<ViewFeed> {
    using owned = new DisposableStack();
    const byRecipe = new Map<string, Photometry>();
    for (const recipe of recipes) {
      const key = JSON.stringify(recipe);
      if (byRecipe.has(key)) continue;
      const created = await Photometry.create({ recipe, batchSize, ...placement });
      byRecipe.set(key, owned.use(created));
    }
    const photometry = recipes.map((recipe) => byRecipe.get(JSON.stringify(recipe))!);
    return new ViewFeed(owned.move(), photometry);
  }

  /**
   * Writes the views of a batch, with their photometry and normalised, into tensors float32 `[N,3,S,S]`.
   *
   * @param views in the order of the recipes
   * @param places the inputs of a step, such as `TrainingStep.views`
   */
  async write(
    views: readonly BatchedView[],
    places: readonly DeviceTensor<"float32">[],
  ): Promise<void> {
    for (const [i, view] of views.entries()) await this.writeView(i, view, places[i]!);
  }

  /**
   * Writes one of the views into a tensor float32 `[N,3,S,S]`.
   *
   * @param index the view, counted from 0 in the order of the recipes
   */
  async writeView(
    index: number,
    view: BatchedView,
    place: DeviceTensor<"float32">,
  ): Promise<void> {
    await this.#photometry[index]!.apply(view, place);
  }

  /** The first views of a batch as pictures, uint8 `[count, S, S, 3]` each; for people. */
  async pictures(views: readonly BatchedView[], count: number): Promise<Tensor<"uint8">[]> {
    const pictures: Tensor<"uint8">[] = [];
    for (const [i, view] of views.entries()) {
      const { shape, data } = await this.#photometry[i]!.pictures(view);
      const kept = [count, ...shape.slice(1)];
      pictures.push(tensor("uint8", kept, data.slice(0, elementCount(kept))));
    }
    return pictures;
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
