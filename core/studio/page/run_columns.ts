/**
 * Columns of the table of runs: facts, options and metrics, all by one name in the address.
 *
 * @module
 */
import type { Cell, RunRow } from "../api/runs.ts";

/** A column of the table of runs. */
export interface RunColumn {
  /** Its name in addresses and in the search: `state`, `option.batchSize` or `metric.loss`. */
  readonly name: string;
  /** Its heading. */
  readonly title: string;
  readonly kind: "fact" | "option" | "metric";
  /** What a run has in it; undefined for nothing. */
  readonly cell: (row: RunRow) => Cell | undefined;
}

const FACTS: readonly RunColumn[] = [
  { name: "run", title: "Run", kind: "fact", cell: (row) => row.run },
  { name: "state", title: "State", kind: "fact", cell: (row) => row.state },
  { name: "kind", title: "Made by", kind: "fact", cell: (row) => row.kind },
  { name: "progress", title: "Progress", kind: "fact", cell: progressOf },
  { name: "step", title: "Steps", kind: "fact", cell: (row) => row.step },
  { name: "epoch", title: "Epochs", kind: "fact", cell: (row) => row.epoch },
  { name: "changed", title: "Changed", kind: "fact", cell: (row) => row.changed },
  { name: "started", title: "Started", kind: "fact", cell: (row) => row.started },
  { name: "tags", title: "Tags", kind: "fact", cell: (row) => row.tags.join(" ") },
];

/** The share of its steps that a run has taken; undefined where their number is not known. */
export function progressOf({ step, totalSteps }: RunRow): number | undefined {
  return totalSteps === undefined || totalSteps === 0 ? undefined : Math.min(1, step / totalSteps);
}

/** All columns that a list of runs can have, facts first. */
export function columnsOf(runs: readonly RunRow[]): RunColumn[] {
  const options = new Set<string>();
  const metrics = new Set<string>();
  for (const row of runs) {
    for (const name in row.options) if (Object.hasOwn(row.options, name)) options.add(name);
    for (const name in row.metrics) if (Object.hasOwn(row.metrics, name)) metrics.add(name);
  }
  return [
    ...FACTS,
    ...[...options].sort().map((name) => optionColumn(name)),
    ...[...metrics].sort().map((name) => metricColumn(name)),
  ];
}

function optionColumn(name: string): RunColumn {
  return { name: `option.${name}`, title: name, kind: "option", cell: (row) => row.options[name] };
}

function metricColumn(name: string): RunColumn {
  return { name: `metric.${name}`, title: name, kind: "metric", cell: (row) => row.metrics[name] };
}

const USUAL_OPTIONS = ["method", "backbone", "batchSize", "learningRate"];
const USUAL_METRICS = [/^loss$/, /^spread$/, /knn.*top1|top1.*knn/i, /probe.*top1/i];

/** Names of the columns that are shown where nobody has chosen any. */
export function usualColumns(columns: readonly RunColumn[]): string[] {
  const options = USUAL_OPTIONS.map((name) => `option.${name}`)
    .filter((name) => columns.some((column) => column.name === name));
  const metrics = USUAL_METRICS.flatMap((pattern) =>
    columns.filter(({ kind, title }) => kind === "metric" && pattern.test(title)).slice(0, 1)
  );
  return ["state", "progress", ...options, ...metrics.map(({ name }) => name), "tags", "changed"];
}

/** Columns of options in which the runs are not all alike. */
export function differingColumns(
  columns: readonly RunColumn[],
  runs: readonly RunRow[],
): RunColumn[] {
  const [first, ...others] = runs;
  if (first === undefined) return [];
  return columns.filter((column) =>
    column.kind === "option" && others.some((row) => column.cell(row) !== column.cell(first))
  );
}
