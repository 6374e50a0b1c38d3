/**
 * What figures of several seeds have in common, and how far they spread.
 *
 * @module
 */

/** A mean over seeds and how far they spread: the deviation of a sample of them, 0 of one. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** The mean and spread of the seeds' scores. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

/** A mean of shares in percent, with the deviation where there are several seeds. */
export function percent({ mean, deviation }: Spread, seeds: number): string {
  const value = (100 * mean).toFixed(1);
  return seeds < 2 ? value : `${value} ± ${(100 * deviation).toFixed(1)}`;
}

/** A row of a table in Markdown. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** The line below the header of a table whose first column is text and whose others are numbers. */
export function tableRule(columns: number): string {
  return tableRow(Array.from({ length: columns }, (_, i) => i === 0 ? "---" : "---:"));
}
