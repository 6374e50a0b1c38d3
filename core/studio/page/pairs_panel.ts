/**
 * Pairs of views with their foreground maps, similarities and weights.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import type { PairsAnswer } from "../api/pictures.ts";
import { useCall } from "./calls.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { Waiting } from "./parts.ts";
import { countOf, epochOf, PictureControls } from "./picture_controls.ts";
import type { PicturePanelProps } from "./views_panel.ts";

type Pair = PairsAnswer["pairs"][number];

function View(
  { picture, map, name }: { readonly picture: string; readonly map: string; readonly name: string },
): VNode {
  return html`
    <figure class="picture mapped">
      <img src=${picture} alt=${`${name} of the pair`} loading="lazy" />
      <img class="map" src=${map} alt=${`Foreground map of ${name}`} loading="lazy" />
      <figcaption>${name} and its foreground</figcaption>
    </figure>
  `;
}

function PairItem({ pair, largest }: { readonly pair: Pair; readonly largest: number }): VNode {
  const share = largest > 0 ? pair.weight / largest : 0;
  return html`
    <li>
      <${View} picture=${pair.views[0]} map=${pair.maps[0]} name="view 1" />
      <${View} picture=${pair.views[1]} map=${pair.maps[1]} name="view 2" />
      <dl class="facts narrow">
        <div>
          <dt>weight</dt>
          <dd>${formatNumber(pair.weight)}</dd>
        </div>
        <div class="bar" aria-hidden="true"><span style=${{
          width: `${100 * share}%`,
        }}></span></div>
        <div>
          <dt>foregrounds alike</dt>
          <dd>${formatNumber(pair.foreground)}</dd>
        </div>
        <div>
          <dt>backgrounds alike</dt>
          <dd>${formatNumber(pair.background)}</dd>
        </div>
      </dl>
    </li>
  `;
}

/** The pairs of a run, those that weigh most first. */
export function PairsPanel({ run, values }: PicturePanelProps): VNode {
  const { answer, error, again } = useCall<PairsAnswer>("/api/pairs", {
    run,
    count: countOf(values),
    epoch: epochOf(values),
  });
  const largest = Math.max(0, ...answer?.pairs.map(({ weight }) => weight) ?? []);
  return html`
    <${PictureControls} values=${values} epoch=${answer?.epoch} />
    <p
      class="hint">A pair weighs more the more its foregrounds are alike and its backgrounds are not; the mean weight of a batch is 1. The pairs that weigh most stand first, those that weigh least last.</p>
    ${answer === undefined
      ? html`<${Waiting} error=${error} again=${again}>Pairs are being judged…<//>`
      : html`<ul class="samples pairs">${
        answer.pairs.map((pair) =>
          html`<${PairItem} key=${pair.views.join()} pair=${pair} largest=${largest} />`
        )
      }</ul>`}
  `;
}
