/**
 * Reports of training runs: pages of figures, tables and pictures that need no network. `reportRun` writes that of a
 * run; the sections are its parts, and `writeReport` makes a page of any others.
 *
 * @module
 */
export { type ComparedRun, type ComparedRuns, comparisonSection } from "./comparison_section.ts";
export { type CurveWords, describeCurve, percent } from "./describe_curve.ts";
export {
  type GeneratorReportOptions,
  reportGenerator,
  type WrittenGeneratorReport,
} from "./generator_report.ts";
export { type FoundMasks, maskSection } from "./mask_section.ts";
export { type MappedFeatures, mapSection, type MapSectionOptions } from "./map_section.ts";
export {
  type NamedScores,
  neighboursSection,
  type NeighboursSectionOptions,
} from "./neighbours_section.ts";
export { pairsSection } from "./pairs_section.ts";
export { samplePictures, viewsSection, type ViewsSectionOptions } from "./picture_sections.ts";
export { resultsSection } from "./results_section.ts";
export { variationsSection, type VariationsSectionOptions } from "./variations_section.ts";
export {
  type Card,
  type Figure,
  formatReport,
  type Report,
  type Section,
  type Table,
  writeReport,
} from "./report.ts";
export {
  type NetworkScores,
  type ScoredData,
  scoreNetwork,
  scorePixels,
} from "./network_scores.ts";
export { reportRun, type RunReportOptions, type WrittenRunReport } from "./run_report.ts";
export {
  configurationSection,
  lossSection,
  metricSection,
  type MetricWords,
  spreadSection,
  timingSection,
} from "./training_sections.ts";
