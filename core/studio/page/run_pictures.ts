/**
 * Pictures that a run has left in its folder.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import type { RunDetails } from "../api/runs.ts";
import { callAddress } from "./calls.ts";
import { html } from "./html.ts";

/** The pictures in a run's folder, each with its path. */
export function RunPictures({ run }: { readonly run: RunDetails }): VNode {
  if (run.pictures.length === 0) {
    return html`
      <p
        class="empty">This run's folder has no pictures. Training on weighted pairs leaves some of each epoch, a report leaves its figures.</p>
    `;
  }
  return html`<div class="gallery">${
    run.pictures.map((path) =>
      html`
        <figure key=${path}>
          <img src=${callAddress("/api/file", {
            run: run.run,
            path,
          })} alt=${`Picture ${path} of ${run.run}`} loading="lazy" />
          <figcaption>${path}</figcaption>
        </figure>
      `
    )
  }</div>`;
}
