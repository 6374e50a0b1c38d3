/**
 * Originals beside their variations at each level of noise.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import type { VariationsAnswer } from "../api/pictures.ts";
import { useCall } from "./calls.ts";
import { formatShare } from "./format.ts";
import { html } from "./html.ts";
import { Waiting } from "./parts.ts";
import { countOf } from "./picture_controls.ts";

/** Originals of a folder, each with its variations. */
export function VariationsPanel(
  { output, values }: {
    readonly output: string;
    readonly values: Readonly<Record<string, string>>;
  },
): VNode {
  const { answer, error, again } = useCall<VariationsAnswer>("/api/variations", {
    output,
    count: countOf(values),
  });
  if (answer === undefined) {
    return html`<${Waiting} error=${error} again=${again}>Variations are being read…<//>`;
  }
  if (answer.images.length === 0) {
    return html`<p class="empty">There are no variations in this folder yet.</p>`;
  }
  return html`
    <ul class="samples">${answer.images.map(({ original, ratio, variations }) =>
      html`
        <li key=${original.key}>
          <figure class="picture"><img src=${original
            .picture} alt=${`Original ${original.key}`} loading="lazy" />
            <figcaption>original${ratio === undefined
              ? null
              : html`<small>${formatShare(ratio)} foreground</small>`}</figcaption></figure>
          <span class="arrow" aria-hidden="true">→</span>
          ${variations.map(({ level, picture }, i) =>
            html`<figure key=${i} class="picture"><img src=${picture} alt=${`Variation of ${original.key} at level ${level}`} loading="lazy" />
            <figcaption>level ${level}</figcaption></figure>`
          )}
          <p class="key">${original.label === "" ? original.key : original.label}</p>
        </li>
      `
    )}</ul>
  `;
}
