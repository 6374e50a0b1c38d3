/**
 * Nearest neighbours of some images, before training and by a checkpoint.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import type { NeighboursAnswer, Thumbnail } from "../api/pictures.ts";
import type { RunDetails } from "../api/runs.ts";
import { setValues } from "./address.ts";
import { useCall } from "./calls.ts";
import { html } from "./html.ts";
import { Waiting } from "./parts.ts";
import { countOf } from "./picture_controls.ts";

type Neighbour = Thumbnail & { readonly similarity: number };

function Row({ query, neighbours, name }: {
  readonly query: Thumbnail;
  readonly neighbours: readonly Neighbour[];
  readonly name: string;
}): VNode {
  const isSame = ({ label }: Thumbnail): boolean => label !== "" && label === query.label;
  const right = neighbours.filter(isSame).length;
  return html`
    <tr>
      <th scope="row">${name}${query.label === ""
        ? null
        : html`<small>${right} of ${neighbours.length} of its class</small>`}</th>
      <td>
        <div class="row">${neighbours.map((each) =>
          html`
            <figure key=${each.key} class=${`picture ${isSame(each) ? "right" : ""}`}>
              <img src=${each.picture} alt=${`${each.key}${
                each.label === "" ? "" : `, ${each.label}`
              }`} loading="lazy" />
              <figcaption>${isSame(each) ? "✓ " : ""}${each.similarity.toFixed(2)}<small>${each
                .label}</small></figcaption>
            </figure>
          `
        )}</div>
      </td>
    </tr>
  `;
}

/** Queries, each with its neighbours before and after. */
export function NeighboursPanel(
  { run, values }: { readonly run: RunDetails; readonly values: Readonly<Record<string, string>> },
): VNode {
  const checkpoint = values["checkpoint"];
  const { answer, error, again } = useCall<NeighboursAnswer>("/api/neighbours", {
    run: run.run,
    checkpoint,
    count: countOf(values),
  });
  return html`
    <div class="toolbar">
      <label><span>Checkpoint</span>
        <select value=${checkpoint ?? ""} onChange=${(event: Event) =>
          setValues({ checkpoint: (event.target as HTMLSelectElement).value })}>
          <option value="">the newest</option>
          ${run.checkpoints.toReversed().map(({ name, epoch }) =>
            html`<option key=${name} value=${name}>${name} (epoch ${epoch})</option>`
          )}
        </select></label>
    </div>
    <p
      class="hint">The images that the network finds most alike, by the cosine of their features. A tick marks those of the query's own class.</p>
    ${answer === undefined
      ? html`<${Waiting} error=${error} again=${again}>Features are being computed…<//>`
      : html`<ul class="queries">${
        answer.queries.map(({ query, before, after }) =>
          html`
            <li key=${query.key}>
              <figure class="picture query"><img src=${query
                .picture} alt=${`Query ${query.key}`} loading="lazy" />
                <figcaption>${query.label === "" ? query.key : query.label}</figcaption></figure>
              <div class="scroll">
                <table>
                  <tbody>
                    <${Row} query=${query} neighbours=${before} name="before" />
                    <${Row} query=${query} neighbours=${after} name="after" />
                  </tbody>
                </table>
              </div>
            </li>
          `
        )
      }</ul>`}
  `;
}
