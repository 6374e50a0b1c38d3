/**
 * Views of samples exactly as the network gets them.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import type { ViewsAnswer } from "../api/pictures.ts";
import { useCall } from "./calls.ts";
import { html } from "./html.ts";
import { Waiting } from "./parts.ts";
import { countOf, epochOf, PictureControls } from "./picture_controls.ts";

/** What a panel of pictures is given. */
export interface PicturePanelProps {
  readonly run: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Samples in rows: the original, then its views. */
export function ViewsPanel({ run, values }: PicturePanelProps): VNode {
  const { answer, error, again } = useCall<ViewsAnswer>("/api/views", {
    run,
    count: countOf(values),
    epoch: epochOf(values),
  });
  return html`
    <${PictureControls} values=${values} epoch=${answer?.epoch} />
    <p
      class="hint">Drawn again from the run's own seed: these are the pixels that the network was given in epoch ${answer
        ?.epoch ??
        "…"}, after crop, flip, jitter, blur and normalisation, which is taken back for the eye.</p>
    ${answer === undefined
      ? html`<${Waiting} error=${error} again=${again}>Views are being drawn…<//>`
      : html`<ul class="samples">${
        answer.samples.map(({ key, original, views, variations }) =>
          html`
            <li key=${key}>
              <figure class="picture"><img src=${original} alt=${`Original ${key}`} loading="lazy" /><figcaption>original</figcaption></figure>
              ${variations.map((variation, i) =>
                variation === null ? null : html`
                  <figure key=${`of ${i}`} class="picture">
                    <img src=${variation} alt=${`Variation of ${key} for view ${
                      i + 1
                    }`} loading="lazy" />
                    <figcaption>variation for view ${i + 1}</figcaption>
                  </figure>
                `
              )}
              <span class="arrow" aria-hidden="true">→</span>
              ${views.map((view, i) =>
                html`<figure key=${i} class="picture"><img src=${view} alt=${`View ${
                  i + 1
                } of ${key}`} loading="lazy" />
                <figcaption>view ${i + 1}${
                  (variations[i] ?? null) !== null
                    ? html`
                      <b class="tag">generated</b>
                    `
                    : null
                }</figcaption></figure>`
              )}
              <p class="key">${key}</p>
            </li>
          `
        )
      }</ul>`}
  `;
}
