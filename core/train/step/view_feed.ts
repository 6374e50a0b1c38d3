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

/** Turns the views of a loader's batches into the inputs of a step. */
export class ViewFeed implements Disposable {
  readonly #owned: DisposableStack;
  readonly #photometry: readonly Photometry[];

  private constructor(owned: DisposableStack, photometry: readonly Photometry[]) {
    this.#owned = owned;
    this.#photometry = photometry;
  }

  /** Loads one photometric graph for each recipe; views of equal recipes share it. */
  static async create(
    recipes: readonly ViewRecipe[],
    batchSize: number,
    placement: Placement,
  ): Promise<ViewFeed> {
    const owned = new DisposableStack();
    const byRecipe = new Map<string, Photometry>();
    try {
      for (const recipe of recipes) {
        const key = JSON.stringify(recipe);
        if (byRecipe.has(key)) continue;
        const created = await Photometry.create({
          recipe,
          batchSize,
          ...placement,
        });
        byRecipe.set(key, owned.use(created));
      }
    } catch (error) {
      owned.dispose();
      throw error;
    }
    return new ViewFeed(owned, recipes.map((recipe) => byRecipe.get(JSON.stringify(recipe))!));
  }

  /** Writes the views of a batch, photometry applied and normalised, to their places. */
  async write(
    views: readonly BatchedView[],
    places: readonly DeviceTensor<"float32">[],
  ): Promise<void> {
    for (const [i, view] of views.entries()) {
      await this.#photometry[i]!.apply(view, places[i]!);
    }
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
