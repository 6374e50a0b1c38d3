/**
 * Adaptive noise: how much an image's variation is noised, by how much of the image is foreground (Li et al. 2024,
 * GenView, section 3.2).
 *
 * @module
 */
export { type LevelLine, type LevelLineOptions, parseLevelLines } from "./level_lines.ts";
export {
  checkNoiseSchedule,
  GENVIEW_NOISE_SCHEDULE,
  noiseLevel,
  type NoiseSchedule,
} from "./noise_level.ts";
export {
  formatRatioLine,
  type MalformedLine,
  parseRatioLines,
  type RatioLine,
} from "./ratio_lines.ts";
