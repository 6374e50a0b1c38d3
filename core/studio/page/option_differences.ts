/**
 * In what the options of several runs differ.
 *
 * @module
 */
import type { Cell, RunRow } from "../api/runs.ts";

/** An option and what each run has in it. */
export interface OptionRow {
  readonly name: string;
  /** One for each run, in their order; undefined where a run does not have it. */
  readonly cells: readonly (Cell | undefined)[];
  /** Whether not all are the same. */
  readonly differs: boolean;
}

/** All options of some runs, in alphabetical order. */
export function optionRows(runs: readonly RunRow[]): OptionRow[] {
  const names = new Set(runs.flatMap(({ options }) => Object.keys(options)));
  return [...names].sort().map((name) => {
    const cells = runs.map(({ options }) => options[name]);
    return { name, cells, differs: cells.some((cell) => cell !== cells[0]) };
  });
}

/** The last values of some runs' metrics, in alphabetical order. */
export function metricRows(runs: readonly RunRow[]): {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}[] {
  const names = new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)));
  return [...names].sort().map((name) => ({
    name,
    values: runs.map(({ metrics }) => metrics[name]),
  }));
}
