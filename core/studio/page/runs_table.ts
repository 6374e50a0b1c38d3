/**
 * The table of runs.
 *
 * @module
 */
import { useMemo, useRef, type VNode } from "../../deps/preact.ts";
import type { Cell, RunRow } from "../api/runs.ts";
import { writeAddress } from "./address_text.ts";
import { Ago } from "./clock.ts";
import { formatCell, formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { Progress, State } from "./parts.ts";
import type { RunColumn } from "./run_columns.ts";
import { meanOf, type RunGroup } from "./run_query.ts";

/** What the table is given. */
export interface RunsTableProps {
  readonly columns: readonly RunColumn[];
  /** Groups of runs, in order; one without a value where they are not grouped. */
  readonly groups: readonly RunGroup[];
  readonly grouped: boolean;
  /** How many rows are drawn. */
  readonly rows: number;
  /** Hears of the table being scrolled. */
  readonly scroll: (event: Event) => void;
  readonly sort: { readonly name: string; readonly descending: boolean };
  readonly sortBy: (name: string) => void;
  readonly chosen: ReadonlySet<string>;
  readonly choose: (runs: readonly string[], on: boolean) => void;
}

function isTime({ name }: RunColumn): boolean {
  return name === "changed" || name === "started";
}

function CellOf(
  { row, column }: { readonly row: RunRow; readonly column: RunColumn },
): VNode | string {
  const cell: Cell | undefined = column.cell(row);
  if (column.name === "state") return html`<${State} state=${row.state} />`;
  if (column.name === "tags") {
    return html`${row.tags.map((tag) => html`<span key=${tag} class="tag">${tag}</span>`)}`;
  }
  if (typeof cell !== "number") return formatCell(cell);
  if (column.name === "progress") {
    return html`<${Progress} share=${cell} label=${`Steps of ${row.run}`} /><span class="percent">${
      Math.floor(100 * cell)
    } %</span>`;
  }
  if (isTime(column)) return html`<${Ago} time=${cell} />`;
  return formatNumber(cell);
}

/** One heading, which sorts; `aria-sort` says how. */
function Heading({ column, sort, sortBy }: {
  readonly column: RunColumn;
  readonly sort: RunsTableProps["sort"];
  readonly sortBy: RunsTableProps["sortBy"];
}): VNode {
  const isSorted = sort.name === column.name;
  const order = sort.descending ? "descending" : "ascending";
  return html`
    <th scope="col" class=${column.kind === "metric" ? "numeric" : undefined} aria-sort=${isSorted
      ? order
      : undefined}>
      <button type="button" onClick=${() => sortBy(column.name)} title=${column.name}>
        ${column.title}<span class="arrow" aria-hidden="true">${isSorted
          ? (sort.descending ? "▾" : "▴")
          : ""}</span>
      </button>
    </th>
  `;
}

interface RowProps {
  readonly row: RunRow;
  readonly columns: readonly RunColumn[];
  readonly isChosen: boolean;
  readonly choose: RunsTableProps["choose"];
}

function isNumeric(row: RunRow, column: RunColumn): boolean {
  return typeof column.cell(row) === "number" && column.name !== "progress" && !isTime(column);
}

/** One run; drawn again only where the run, the columns or its choice have changed. */
function Row({ row, columns, isChosen, choose }: RowProps): VNode {
  return useMemo(() =>
    html`
      <tr class=${isChosen ? "chosen" : undefined}>
        <td class="choice"><input type="checkbox" aria-label=${`Choose ${row.run}`} checked=${isChosen}
          onChange=${(event: Event) =>
            choose([row.run], (event.target as HTMLInputElement).checked)} /></td>
        <th scope="row"><a href=${writeAddress({ view: "run", values: { run: row.run } })}>${row
          .run}</a></th>
        ${columns.map((column) =>
          html`
            <td key=${column
              .name} class=${isNumeric(row, column) ? "number" : undefined}>
              <${CellOf} row=${row} column=${column} />
            </td>
          `
        )}
      </tr>
    `, [row, columns, isChosen, choose]);
}

function GroupRow(
  { group, columns }: { readonly group: RunGroup; readonly columns: readonly RunColumn[] },
): VNode {
  return html`
    <tr class="group">
      <td></td>
      <th scope="rowgroup">${group.value === "" ? "(nothing)" : group.value} <small>${group.runs
        .length} ${group.runs.length === 1 ? "run" : "runs"}</small></th>
      ${columns.map((column) => {
        const mean = column.kind === "metric" ? meanOf(group.runs, column) : undefined;
        return html`<td key=${column.name} class="number">${
          mean === undefined ? "" : html`<small>mean</small> ${formatNumber(mean)}`
        }</td>`;
      })}
    </tr>
  `;
}

/** The table; arrow keys move from a run to the next. */
export function RunsTable(props: RunsTableProps): VNode {
  const { columns, groups, grouped, rows, scroll, sort, sortBy, chosen, choose } = props;
  let left = rows;
  const drawn = groups.map((group) => {
    const runs = group.runs.slice(0, left);
    left -= runs.length;
    return { group, runs };
  }).filter(({ runs }) => runs.length > 0);
  const body = useRef<HTMLTableElement | null>(null);
  const all = groups.flatMap(({ runs }) => runs);
  const areAllChosen = all.length > 0 && all.every(({ run }) => chosen.has(run));
  const move = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...body.current?.querySelectorAll<HTMLElement>("tbody th a") ?? []];
    const index = links.indexOf(document.activeElement as HTMLElement);
    if (index < 0) return;
    event.preventDefault();
    links[index + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  };
  const run: RunColumn = { name: "run", title: "Run", kind: "fact", cell: (row) => row.run };
  return html`
    <div class="table" tabindex="0" role="region" aria-label="Table of runs" onScroll=${scroll}>
      <table class="runs" ref=${body} onKeyDown=${move}>
        <caption class="unseen">Runs below the studio's folder, each with its state, options and last metrics</caption>
        <thead><tr>
          <th scope="col" class="choice"><input type="checkbox" aria-label="Choose all runs that were found" checked=${areAllChosen}
            onChange=${(event: Event) =>
              choose(all.map(({ run }) => run), (event.target as HTMLInputElement).checked)} /></th>
          <${Heading} column=${run} sort=${sort} sortBy=${sortBy} />
          ${columns.map((column) =>
            html`<${Heading} key=${column.name} column=${column} sort=${sort} sortBy=${sortBy} />`
          )}
        </tr></thead>
        ${drawn.map(({ group, runs }) =>
          html`
            <tbody key=${group.value}>
              ${grouped ? html`<${GroupRow} group=${group} columns=${columns} />` : null}
              ${runs.map((row) =>
                html`
                  <${Row} key=${row.run} row=${row} columns=${columns} isChosen=${chosen.has(
                    row.run,
                  )}
                    choose=${choose} />
                `
              )}
            </tbody>
          `
        )}
      </table>
    </div>
  `;
}
