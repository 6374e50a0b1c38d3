/**
 * Adaptive noise: how much an image's variation is noised, by how much of the image is foreground (Li et al. 2024,
 * GenView, section 3.2). `computeRatios` measures images or stored features, `divideByLevel` makes lists of levels.
 *
 * @module
 */
export {
  computeRatios,
  type ComputeRatiosOptions,
  type RatioControl,
  type RatioOutcome,
} from "./compute_ratios.ts";
export {
  divideByLevel,
  type DivideByLevelOptions,
  type DividedLevels,
  formatMalformed,
  type LevelList,
} from "./divide_by_level.ts";
export type { DivisionSource } from "./foreground_division.ts";
export { type LevelLine, type LevelLineOptions, parseLevelLines } from "./level_lines.ts";
export {
  checkNoiseSchedule,
  GENVIEW_NOISE_SCHEDULE,
  noiseLevel,
  type NoiseSchedule,
} from "./noise_level.ts";
export type { RatioEvent } from "./ratio_event.ts";
export { joinRatios, RatioFile, type RatioRecord } from "./ratio_file.ts";
export {
  fitsRatioLine,
  formatRatioLine,
  type MalformedLine,
  parseRatioLines,
  type RatioLine,
} from "./ratio_lines.ts";
