/**
 * Which columns the table of runs has.
 *
 * @module
 */
import { useEffect, useRef, useState, type VNode } from "../../deps/preact.ts";
import { setValues } from "./address.ts";
import { joinNames } from "./address_text.ts";
import { html } from "./html.ts";
import type { RunColumn } from "./run_columns.ts";

const HEADINGS: Readonly<Record<RunColumn["kind"], string>> = {
  fact: "Facts",
  metric: "Metrics",
  option: "Options",
};

/** A list of all columns, with marks at those that are shown. */
export function ColumnChooser(
  { columns, shown }: {
    readonly columns: readonly RunColumn[];
    readonly shown: readonly RunColumn[];
  },
): VNode {
  const [filter, setFilter] = useState("");
  const names = shown.map(({ name }) => name);
  const change = (name: string, on: boolean): void => {
    const changed = on ? [...names, name] : names.filter((other) => other !== name);
    setValues({ columns: joinNames(changed) });
  };
  const chooser = useRef<HTMLDetailsElement | null>(null);
  useEffect(() => {
    const press = (event: PointerEvent): void => {
      const details = chooser.current;
      if (details !== null && !details.contains(event.target as Node)) details.open = false;
    };
    addEventListener("pointerdown", press);
    return () => removeEventListener("pointerdown", press);
  }, []);
  const close = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    const details = event.currentTarget as HTMLDetailsElement;
    details.open = false;
    details.querySelector("summary")?.focus();
  };
  const found = columns.filter(({ name, title }) =>
    name !== "run" && title.toLowerCase().includes(filter.toLowerCase())
  );
  return html`
    <details class="chooser" ref=${chooser} onKeyDown=${close}>
      <summary>Columns</summary>
      <div class="popup">
        <label><span>Find a column</span>
          <input type="search" value=${filter} onInput=${(event: Event) =>
            setFilter((event.target as HTMLInputElement).value)} /></label>
        ${(["fact", "metric", "option"] as const).map((kind) =>
          html`
            <fieldset key=${kind}>
              <legend>${HEADINGS[kind]}</legend>
              ${found.filter((column) => column.kind === kind).map(({ name, title }) =>
                html`
                  <label key=${name}
                    class="check"><input type="checkbox" checked=${names.includes(
                      name,
                    )} onChange=${(event: Event) =>
                      change(name, (event.target as HTMLInputElement).checked)} /> ${title}</label>
                `
              )}
            </fieldset>
          `
        )}
        <button type="button" onClick=${() => setValues({ columns: "" })}>The usual columns</button>
      </div>
    </details>
  `;
}
