/**
 * Masks and the threshold that makes them, and the variations that follow from their levels.
 *
 * @module
 */
import { useState, type VNode } from "../../deps/preact.ts";
import type { MasksAnswer } from "../api/pictures.ts";
import { setValues } from "./address.ts";
import { writeAddress } from "./address_text.ts";
import type { ViewProps } from "./app.ts";
import { useCall } from "./calls.ts";
import { formatNumber, formatShare } from "./format.ts";
import { html } from "./html.ts";
import { foregroundRatio, levelCounts, noiseLevel, shareAt } from "./mask_levels.ts";
import { MaskPicture } from "./mask_picture.ts";
import { OutputChoice } from "./output_choice.ts";
import { Waiting } from "./parts.ts";
import { Tabs } from "./tabs.ts";
import { VariationsPanel } from "./variations_panel.ts";

const TABS = [{ name: "masks", title: "Masks" }, {
  name: "variations",
  title: "Variations",
}] as const;
const COUNT = 24;

/** The range that thresholds are dragged over. */
function rangeOf({ shares, images }: MasksAnswer): readonly [number, number] {
  const counted = shares.map(({ threshold }) => threshold);
  const all = counted.length > 0 ? counted : images.flatMap(({ scores }) => scores);
  return [Math.min(...all), Math.max(...all)];
}

function Levels(
  { answer, threshold }: { readonly answer: MasksAnswer; readonly threshold: number },
): VNode {
  const counts = levelCounts(answer, threshold);
  const most = Math.max(1, ...counts);
  return html`
    <table class="levels">
      <caption>Noise levels of the ${answer.images.length} images below</caption>
      <tbody>${answer.levels.map((level, i) =>
        html`
          <tr key=${level}>
            <th scope="row">level ${level}<small>ratio to ${answer.bounds[i]}</small></th>
            <td>
              <div class="bar"><span style=${{
                width: `${100 * (counts[i] ?? 0) / most}%`,
              }}></span></div>
            </td>
            <td class="number">${counts[i]}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

function Masks({ answer }: { readonly answer: MasksAnswer }): VNode {
  const [threshold, setThreshold] = useState(answer.threshold);
  const [low, high] = rangeOf(answer);
  const share = shareAt(answer.shares, threshold);
  const step = (high - low) / 400 || 0.001;
  return html`
    <div class="threshold">
      <div>
        <label class="range"><span>Threshold <output>${formatNumber(threshold)}</output></span>
          <input type="range" name="threshold" min=${low} max=${high} step=${step} value=${threshold}
            aria-valuetext=${`${formatNumber(threshold)}: ${
              formatShare(share)
            } of all tokens are foreground`}
            onInput=${(event: Event) =>
              setThreshold(Number((event.target as HTMLInputElement).value))} /></label>
        <p><b class="share">${formatShare(
          share,
        )}</b> of all tokens are foreground. A token is where its score is above the threshold.</p>
        <p class="buttons">
          <button type="button" disabled=${threshold === answer.threshold} onClick=${() =>
            setThreshold(answer.threshold)}>Back to ${formatNumber(answer.threshold)}</button>
          <a class="button" href=${writeAddress({
            view: "new",
            values: {
              task: "fg-ratio",
              options: JSON.stringify({ threshold: Number(threshold.toPrecision(6)) }),
            },
          })}>Compute ratios by this threshold…</a>
        </p>
      </div>
      <${Levels} answer=${answer} threshold=${threshold} />
    </div>
    <ul class="masks">
      ${answer.images.map((image) => {
        const ratio = foregroundRatio(image.scores, threshold);
        return html`
          <li key=${image.key}>
            <${MaskPicture} picture=${image.picture} grid=${image.grid} scores=${image
              .scores} threshold=${threshold}
              label=${image.key} />
            <p><b class="ratio">${formatShare(ratio)}</b> <span>level <b>${noiseLevel(
              ratio,
              answer,
            )}</b></span></p>
            <p class="key">${image.label === "" ? image.key : image.label}</p>
          </li>
        `;
      })}
    </ul>
  `;
}

function MasksPanel({ output }: { readonly output: string }): VNode {
  const { answer, error, again } = useCall<MasksAnswer>("/api/masks", { output, count: COUNT });
  if (answer === undefined) {
    return html`<${Waiting} error=${error} again=${again}>Scores are being read…<//>`;
  }
  return html`<${Masks} key=${output} answer=${answer} />`;
}

/** The view of masks and variations in a folder, which the address names by `output`. */
export function MasksView({ values }: ViewProps): VNode {
  const output = values["output"] ?? "";
  const tab = values["tab"] === "variations" ? "variations" : "masks";
  return html`
    <div class="heading">
      <h1>Masks and variations</h1>
      <${OutputChoice} output=${output} />
    </div>
    <p
      class="lead">What the network takes for foreground decides how much noise an image bears: the more of it is foreground, the higher the level and the freer the variation.</p>
    ${output === ""
      ? html`
        <p
          class="empty">Choose the folder of a pipeline, or walk the <a href="#/path">GenView path</a> to make one.</p>
      `
      : html`
        <${Tabs} label="What is shown of the folder" tabs=${TABS} shown=${tab}
          choose=${(name: string) => setValues({ tab: name }, "push")}>
                  ${tab === "masks"
                    ? html`<${MasksPanel} output=${output} />`
                    : html`<${VariationsPanel} output=${output} values=${values} />`}
                <//>
      `}
  `;
}
