/**
 * What is asked for of pictures: how many, and of which epoch.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import { setValues } from "./address.ts";
import { html } from "./html.ts";

const COUNTS = ["4", "8", "16", "32"] as const;

/** How many pictures the address asks for, as text; 8 where it does not say. */
export function countOf(values: Readonly<Record<string, string>>): string {
  const count = values["count"] ?? "";
  return COUNTS.find((known) => known === count) ?? "8";
}

/** The epoch that the address asks for; undefined for the last. */
export function epochOf(values: Readonly<Record<string, string>>): string | undefined {
  const epoch = values["epoch"];
  return epoch !== undefined && /^\d+$/.test(epoch) ? epoch : undefined;
}

/** Controls above pictures. */
export function PictureControls(
  { values, epoch }: {
    readonly values: Readonly<Record<string, string>>;
    /** The epoch that is shown; undefined where pictures belong to none, or while they are read. */
    readonly epoch: number | undefined;
  },
): VNode {
  return html`
    <div class="toolbar" role="group" aria-label="What is shown">
      <label><span>How many</span>
        <select value=${countOf(values)} onChange=${(event: Event) =>
          setValues({ count: (event.target as HTMLSelectElement).value })}>
          ${COUNTS.map((count) => html`<option key=${count} value=${count}>${count}</option>`)}
        </select></label>
      <label><span>Epoch</span>
        <input type="number" min="0" step="1" placeholder=${epoch === undefined
          ? "last"
          : `last: ${epoch}`}
          value=${epochOf(values) ?? ""} onChange=${(event: Event) =>
            setValues({ epoch: (event.target as HTMLInputElement).value })} /></label>
    </div>
  `;
}
