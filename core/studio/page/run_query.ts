/**
 * The search of the table of runs: words and conditions such as `simclr loss<2 batchSize=256 state:running #baseline`.
 *
 * @module
 */
import type { Cell, RunRow } from "../api/runs.ts";
import { formatCell } from "./format.ts";
import type { RunColumn } from "./run_columns.ts";

type Operator = "=" | "!=" | "<" | ">" | "<=" | ">=";

interface Condition {
  readonly column: RunColumn;
  readonly operator: Operator;
  readonly value: string;
}

/** A search that was read. */
export interface RunQuery {
  /** Conditions that name a column. */
  readonly conditions: readonly Condition[];
  /** Tags that a run must have. */
  readonly tags: readonly string[];
  /** Words that its name, tags or options must have in them, in small letters. */
  readonly words: readonly string[];
  /** Names before an operator that no column has. */
  readonly unknown: readonly string[];
}

const CONDITION = /^([^=!<>:]+)(<=|>=|!=|=|<|>|:)(.*)$/s;

/** Words of a text; quotes keep spaces: `"knn top1">0.4`. */
function wordsIn(text: string): string[] {
  return (text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map((word) => word.replaceAll('"', ""));
}

/** Reads a search. A column is named as the address has it, or by its heading. */
export function readQuery(text: string, columns: readonly RunColumn[]): RunQuery {
  const conditions: Condition[] = [];
  const tags: string[] = [];
  const words: string[] = [];
  const unknown: string[] = [];
  for (const word of wordsIn(text)) {
    const [, name, operator, value] = CONDITION.exec(word) ?? [];
    if (name === undefined) {
      if (word.startsWith("#") && word.length > 1) tags.push(word.slice(1));
      else words.push(word.toLowerCase());
      continue;
    }
    const column = findColumn(name, columns);
    if (column === undefined) unknown.push(name);
    // What is still being typed leaves all runs.
    else if (value !== "") {
      conditions.push({
        column,
        operator: (operator === ":" ? "=" : operator) as Operator,
        value: value as string,
      });
    }
  }
  return { conditions, tags, words, unknown };
}

function findColumn(name: string, columns: readonly RunColumn[]): RunColumn | undefined {
  const small = name.toLowerCase();
  return columns.find((column) => column.name.toLowerCase() === small) ??
    columns.find(({ title }) => title.toLowerCase() === small);
}

function meets(cell: Cell | undefined, { operator, value }: Condition): boolean {
  if (operator === "=" || operator === "!=") {
    const same = cell !== undefined &&
      (String(cell).toLowerCase() === value.toLowerCase() ||
        (typeof cell === "number" && value.trim() !== "" && cell === Number(value)));
    return same === (operator === "=");
  }
  if (typeof cell !== "number") return false;
  const bound = Number(value);
  if (operator === "<") return cell < bound;
  if (operator === ">") return cell > bound;
  return operator === "<=" ? cell <= bound : cell >= bound;
}

/** Whether a run is what is searched for. */
export function matches(row: RunRow, query: RunQuery): boolean {
  if (!query.tags.every((tag) => row.tags.includes(tag))) return false;
  if (!query.conditions.every((condition) => meets(condition.column.cell(row), condition))) {
    return false;
  }
  if (query.words.length === 0) return true;
  const text = [
    row.run,
    row.kind,
    row.state,
    ...row.tags,
    ...Object.values(row.options).map(String),
  ]
    .join("\n").toLowerCase();
  return query.words.every((word) => text.includes(word));
}

function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return formatCell(a).localeCompare(formatCell(b), "en", { numeric: true });
}

/** Runs in the order of a column; those that have nothing in it are last either way. */
export function sortRuns(
  runs: readonly RunRow[],
  column: RunColumn,
  descending: boolean,
): RunRow[] {
  const isEmpty = (row: RunRow): boolean => {
    const cell = column.cell(row);
    return cell === undefined || cell === "" || Number.isNaN(cell);
  };
  const direction = descending ? -1 : 1;
  const full = runs.filter((row) => !isEmpty(row));
  full.sort((a, b) => direction * compareCells(column.cell(a), column.cell(b)));
  return [...full, ...runs.filter(isEmpty)];
}

/** Runs that are alike in a column. */
export interface RunGroup {
  /** What they have in it, as text. */
  readonly value: string;
  readonly runs: readonly RunRow[];
}

/** Runs in groups of one value of a column, in the order in which the values come first. */
export function groupRuns(runs: readonly RunRow[], column: RunColumn): RunGroup[] {
  const groups = Map.groupBy(runs, (row) => formatCell(column.cell(row)));
  return [...groups].map(([value, members]) => ({ value, runs: members }));
}

/** The mean of a column of numbers over runs that have one; undefined where none has. */
export function meanOf(runs: readonly RunRow[], column: RunColumn): number | undefined {
  const numbers = runs.map((row) => column.cell(row)).filter((cell) => typeof cell === "number");
  if (numbers.length === 0) return undefined;
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
