/**
 * What is said of generators.
 *
 * @module
 */
import type { LevelMeasure } from "../../core/unclip/training/level_comparison.ts";
import type { LevelMeasures } from "../../core/unclip/training/level_measures.ts";
import { formatNumber } from "./progress_line.ts";
import { alignedTable } from "./table_text.ts";

/** Measures as a table, a row for each level, between what could be reached and what chance gives. */
export function levelMeasuresText(measures: LevelMeasures): string {
  const { levels, originals, reconstructions, others, images, bank, encoder } = measures;
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const row = (name: string, { similarity, nearestIdentity, distance }: LevelMeasure) => [
    name,
    similarity.toFixed(3),
    share(nearestIdentity),
    formatNumber(distance),
  ];
  const table = alignedTable({
    header: ["images", "similarity", "nearest is the same", "distance"],
    rows: [
      row("originals", originals),
      row("reconstructions", reconstructions),
      ...levels.map((measure) => row(`level ${measure.level}`, measure)),
      ["others, by chance", others.similarity.toFixed(3), share(others.nearestIdentity), "–"],
    ],
  });
  return `${images} images against a bank of ${bank}, by ${encoder}\n${table}`;
}
