/**
 * How charts are shown: smoothing, scale, horizontal axis, range; all of it stands in the address.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import { setValues } from "./address.ts";
import type { Axis } from "./curves.ts";
import { html } from "./html.ts";

/** How charts are shown. */
export interface ChartSettings {
  /** Weight of what came before, in [0, 1). */
  readonly smoothing: number;
  readonly log: boolean;
  readonly axis: Axis;
  /** First and last step; empty for all. */
  readonly from: string;
  readonly to: string;
}

function stepText(text: string | undefined): string {
  return text !== undefined && /^\d+$/.test(text) ? text : "";
}

/** Reads the settings of an address; what makes no sense is as if it were not there. */
export function chartSettings(values: Readonly<Record<string, string>>): ChartSettings {
  const smoothing = Number(values["smooth"] ?? 0.6);
  return {
    smoothing: smoothing >= 0 && smoothing < 1 ? smoothing : 0.6,
    log: values["log"] === "1",
    axis: values["axis"] === "time" ? "time" : "steps",
    from: stepText(values["from"]),
    to: stepText(values["to"]),
  };
}

/** The controls above charts. */
export function ChartToolbar(
  { settings, zoomed, exact }: {
    readonly settings: ChartSettings;
    readonly zoomed: boolean;
    /** Whether all values are shown, none left out. */
    readonly exact: boolean;
  },
): VNode {
  return html`
    <div class="toolbar" role="group" aria-label="How the charts are shown">
      <label class="range"><span>Smoothing <output>${settings.smoothing.toFixed(2)}</output></span>
        <input type="range" min="0" max="0.99" step="0.01" value=${settings.smoothing}
          onInput=${(event: Event) =>
            setValues({ smooth: (event.target as HTMLInputElement).value })} />
      </label>
      <label><span>Along</span>
        <select value=${settings.axis} onChange=${(event: Event) =>
          setValues({ axis: (event.target as HTMLSelectElement).value })}>
          <option value="steps">steps</option><option value="time">time in hours</option>
        </select>
      </label>
      <label
        class="check"><input type="checkbox" checked=${settings.log} onChange=${(event: Event) =>
          setValues({
            log: (event.target as HTMLInputElement).checked ? "1" : "",
          })} /> logarithmic</label>
      <p class="hint grow">${zoomed
        ? `Steps ${settings.from || 0} to ${settings.to || "the last"}, ${
          exact ? "each of them" : "sampled, with the range around each point"
        }.`
        : `${
          exact ? "Every step is shown." : "Sampled, with the range around each point."
        } Drag over a chart to see a part exactly.`}</p>
      <button type="button" disabled=${!zoomed} onClick=${() =>
        setValues({ from: "", to: "" }, "push")}>Show all</button>
    </div>
  `;
}
