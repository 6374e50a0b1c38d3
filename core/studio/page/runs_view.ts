/**
 * All runs: searched, sorted, grouped, chosen.
 *
 * @module
 */
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type VNode,
} from "../../deps/preact.ts";
import type { RunRow } from "../api/runs.ts";
import { goTo, setValues } from "./address.ts";
import { joinNames, splitNames } from "./address_text.ts";
import type { ViewProps } from "./app.ts";
import { ColumnChooser } from "./column_chooser.ts";
import { html } from "./html.ts";
import { Waiting } from "./parts.ts";
import { columnsOf, differingColumns, type RunColumn, usualColumns } from "./run_columns.ts";
import { groupRuns, matches, readQuery, type RunGroup, sortRuns } from "./run_query.ts";
import { RunsTable } from "./runs_table.ts";
import { useRuns } from "./runs_store.ts";

/** Rows that are drawn at first, and whenever one comes near the last: a table of all is slow to lay out. */
const ROWS = 100;

const STATES: readonly RunRow["state"][] = ["running", "stopped", "finished", "failed"];

/** The columns that are shown: those that were chosen, and where one asks for it only those that differ. */
function shownColumns(
  columns: readonly RunColumn[],
  found: readonly RunRow[],
  chosen: readonly string[],
  isDifferent: boolean,
): RunColumn[] {
  const names = chosen.length > 0 ? chosen : usualColumns(columns);
  const shown = names.flatMap((name) => columns.filter((column) => column.name === name));
  if (!isDifferent) return shown;
  const differing = differingColumns(columns, found);
  return [...shown.filter(({ kind }) => kind !== "option"), ...differing];
}

function Unreadable(
  { runs }: { readonly runs: readonly { readonly run: string; readonly reason: string }[] },
): VNode {
  return html`
    <details class="unreadable">
      <summary>${runs.length} ${runs.length === 1
        ? "folder looks"
        : "folders look"} like a run and cannot be read</summary>
      <dl>${runs.map(({ run, reason }) =>
        html`
          <div key=${run}>
            <dt>${run}</dt>
            <dd>${reason}</dd>
          </div>
        `
      )}</dl>
    </details>
  `;
}

/** The view of all runs. */
export function RunsView({ values }: ViewProps): VNode {
  const { list, error, again } = useRuns();
  const [rows, setRows] = useState(ROWS);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(splitNames(values["chosen"])));
  const search = useRef<HTMLInputElement | null>(null);
  const runs = list?.runs ?? [];
  const text = values["search"] ?? "";
  const state = values["state"] ?? "";
  const columnNames = useMemo(() => columnsOf(runs).map(({ name }) => name).join("\n"), [runs]);
  // Rows change while one looks; the columns stay the same objects until there is another.
  const columns = useMemo(() => columnsOf(runs), [columnNames]);
  const query = useMemo(() => readQuery(text, columns), [text, columns]);
  const found = useMemo(
    () => runs.filter((row) => (state === "" || row.state === state) && matches(row, query)),
    [runs, query, state],
  );
  const isDifferent = values["differ"] === "1";
  const wanted = shownColumns(columns, found, splitNames(values["columns"]), isDifferent);
  const shownNames = wanted.map(({ name }) => name).join("\n");
  const shown = useMemo(() => wanted, [shownNames, columns]);
  const sort = {
    name: (values["sort"] ?? "-changed").replace(/^-/, ""),
    descending: (values["sort"] ?? "-changed").startsWith("-"),
  };
  const sortColumn = columns.find(({ name }) => name === sort.name);
  const sorted = sortColumn === undefined ? found : sortRuns(found, sortColumn, sort.descending);
  const groupColumn = columns.find(({ name }) => name === values["group"]);
  const groups: readonly RunGroup[] = groupColumn === undefined
    ? [{ value: "", runs: sorted }]
    : groupRuns(sorted, groupColumn);
  useEffect(() => setRows(ROWS), [text, state, values["sort"], values["group"]]);
  const scroll = useCallback((event: Event): void => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget as HTMLElement;
    if (scrollHeight - scrollTop - clientHeight < clientHeight) setRows((before) => before + ROWS);
  }, []);

  const choose = useCallback((names: readonly string[], on: boolean): void => {
    setChosen((before) => {
      const after = new Set(before);
      for (const name of names) on ? after.add(name) : after.delete(name);
      setValues({ chosen: joinNames([...after]) });
      return after;
    });
  }, []);
  const sortBy = useCallback((name: string): void => {
    const isSame = sort.name === name;
    setValues({ sort: isSame === sort.descending ? name : `-${name}` });
  }, [sort.name, sort.descending]);
  const focusSearch = (event: KeyboardEvent): void => {
    const within = (event.target as HTMLElement).closest("input, select, textarea");
    if (event.key === "/" && within === null) {
      event.preventDefault();
      search.current?.focus();
    }
  };
  if (list === undefined) {
    return html`
      <h1>Runs</h1>
      <${Waiting} error=${error} again=${again} />
    `;
  }
  const still = [...chosen].filter((name) => runs.some(({ run }) => run === name));
  return html`
    <div onKeyDown=${focusSearch}>
      <div class="heading">
        <h1>Runs</h1>
        <p class="faded">${found.length === runs.length
          ? runs.length
          : `${found.length} of ${runs.length}`} in <code>${list.root}</code></p>
      </div>
      <form class="toolbar" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
        <label class="grow"><span>Search</span>
          <input type="search" ref=${search} value=${text} placeholder="simclr loss<2 batchSize=256 #baseline"
            aria-describedby="search-help" spellcheck=${false}
            onInput=${(event: Event) =>
              setValues({ search: (event.target as HTMLInputElement).value })} />
        </label>
        <label><span>State</span>
          <select value=${state} onChange=${(event: Event) =>
            setValues({ state: (event.target as HTMLSelectElement).value })}>
            <option value="">all</option>${STATES.map((name) =>
              html`<option key=${name} value=${name}>${name}</option>`
            )}
          </select>
        </label>
        <label><span>Group by</span>
          <select value=${values["group"] ?? ""} onChange=${(event: Event) =>
            setValues({ group: (event.target as HTMLSelectElement).value })}>
            <option value="">nothing</option>
            ${columns.filter(({ kind, name }) =>
              kind === "option" || ["state", "kind", "tags"].includes(name)
            )
              .map(({ name, title }) => html`<option key=${name} value=${name}>${title}</option>`)}
          </select>
        </label>
        <label class="check"><input type="checkbox" checked=${isDifferent} onChange=${(
          event: Event,
        ) =>
          setValues({
            differ: (event.target as HTMLInputElement).checked ? "1" : "",
          })} /> only options that differ</label>
        <${ColumnChooser} columns=${columns} shown=${wanted} />
        <button type="button" class="primary" disabled=${still.length < 2} onClick=${() =>
          goTo("compare", { runs: joinNames(still) })}>Compare${still.length < 2
          ? ""
          : ` ${still.length}`}</button>
      </form>
      <p id="search-help" class="hint">
        ${query.unknown.length > 0
          ? html`No run has an option or metric of the name <b>${query.unknown.join(", ")}</b>.`
          : html`Words are looked for in names, tags and options; <code>name=value</code>, <code>${"<"}</code>, <code>${">"}</code> and <code>!=</code> compare an option or metric; <code>#tag</code> asks for a tag. <kbd>/</kbd> comes here.`}
      </p>
      ${runs.length === 0
        ? html`
          <p
            class="empty">There are no runs below this folder yet. <a href="#/new">Start one</a>, or open the studio where runs lie.</p>
        `
        : html`
          <${RunsTable} columns=${shown} groups=${groups} rows=${rows} scroll=${scroll}
            grouped=${groupColumn !==
              undefined} sort=${sort}
            sortBy=${sortBy} chosen=${chosen} choose=${choose} />
        `}
      ${runs.length > 0 && found.length === 0
        ? html`
          <p
            class="empty">No run is like that. <button type="button" onClick=${() =>
              setValues({ search: "", state: "" })}>Show all</button></p>
        `
        : null}
      ${sorted.length > rows
        ? html`
          <p
            class="empty">The first ${rows} are shown. <button type="button" onClick=${() =>
              setRows(sorted.length)}>Show all ${sorted.length}</button></p>
        `
        : null}
      ${list.unreadable.length > 0 ? html`<${Unreadable} runs=${list.unreadable} />` : null}
    </div>
  `;
}
