/**
 * Figures. An entry point of its own, for it loads Vega and sharp.
 *
 * @module
 */
export type { Range, ScaleType } from "./axes.ts";
export { followColorScheme } from "./color_scheme.ts";
export { type Point } from "./curve.ts";
export { countBins, type Histogram, histogram, type Sample } from "./histogram.ts";
export { type GridPlace, gridPlaces, type ImageGrid, imageGrid } from "./image_grid.ts";
export { type ImageMap, imageMap } from "./image_map.ts";
export { type Band, type LineChart, lineChart, type Rule, type Series } from "./line_chart.ts";
export { toPng } from "./png.ts";
export { type PictureSize, pngSize } from "./png_size.ts";
