/**
 * Views that are cut from variations, as a configuration asks for them.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { ViewBatch } from "../../data/loader/view_loader.ts";
import type { VariationOptions } from "../../data/variations.ts";
import type { Configuration } from "../../method/configuration.ts";

/**
 * How variations stand in for images by a configuration.
 *
 * @param viewCount views of a sample
 * @throws {RangeError} if it names a view that there is not
 */
export function configuredVariations(
  { variationProbability, variationViews }: Pick<
    Configuration,
    "variationProbability" | "variationViews"
  >,
  viewCount: number,
): VariationOptions {
  const unknown = variationViews.find((view) => view >= viewCount);
  if (unknown !== undefined) {
    throw new GenviewRangeError(
      `Cannot cut views from variations: --variation-views must be in [0, ${viewCount}), found ${unknown}`,
    );
  }
  return {
    probability: variationProbability,
    ...(variationViews.length > 0 && { views: variationViews }),
  };
}

/** The share of a batch's views that were cut from variations. */
export function generatedShare({ variedView, views }: ViewBatch): number {
  const generated = variedView.data.filter((view) => view >= 0).length;
  return generated / (variedView.data.length * views.length);
}
