/**
 * Vega and Vega-Lite. Of all files only those of `core/plot/` import this one, for its packages are large.
 *
 * @module
 */
import * as vega from "npm:vega@6.4.0";

export { compile, type TopLevelSpec } from "npm:vega-lite@6.5.0";
export { parse, resetSVGDefIds, View } from "npm:vega@6.4.0";

/** How Vega measures texts that no canvas can measure. */
export interface TextMetrics {
  /** Pixels that a text takes; `item` may give its size. */
  width(item: { readonly fontSize?: number }, text: unknown): number;
}

/** Vega's own measure, which it looks up at each use; its package exports it without a type. */
export const textMetrics: TextMetrics =
  (vega as unknown as { readonly textMetrics: TextMetrics }).textMetrics;
