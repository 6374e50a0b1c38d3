/**
 * A map of what the network makes of images, over the checkpoints of a run.
 *
 * @module
 */
import { useMemo, useState, type VNode } from "../../deps/preact.ts";
import type { MapAnswer } from "../api/pictures.ts";
import { setValues } from "./address.ts";
import { useCall } from "./calls.ts";
import { colourOf } from "./colours.ts";
import { html } from "./html.ts";
import { MapCanvas } from "./map_canvas.ts";
import type { MapColours } from "./map_drawing.ts";
import { MapBeside } from "./map_beside.ts";
import { useMovingPoints } from "./moving_points.ts";
import { Waiting } from "./parts.ts";
import { useRuns } from "./runs_store.ts";
import { useDark } from "./theme.ts";
import type { PicturePanelProps } from "./views_panel.ts";

const COUNTS = ["200", "500", "1000", "2000"] as const;

function Legend({ classes, only, dark }: {
  readonly classes: readonly string[];
  readonly only: string | undefined;
  readonly dark: boolean;
}): VNode | null {
  if (classes.length === 0) return null;
  return html`
    <div class="legend" role="group" aria-label="Classes; one that is pressed stands out">
      ${classes.slice(0, 40).map((label, i) =>
        html`
          <button key=${label} type="button" class="plain" aria-pressed=${String(only === label)}
            onClick=${() => setValues({ only: only === label ? "" : label })}>
                  <span class="swatch" style=${{
                    background: colourOf(i, dark),
                  }} aria-hidden="true"></span>${label}</button>
        `
      )}
      ${classes.length > 40
        ? html`<span class="faded">and ${classes.length - 40} more</span>`
        : null}
    </div>
  `;
}

function Chosen({ map, index }: { readonly map: MapAnswer; readonly index: number }): VNode {
  const image = map.images[index];
  return html`
    <aside class="chosen" aria-live="polite" aria-label="The image that is chosen">
      ${image === undefined
        ? html`
          <p
            class="faded">Point at an image, or press <kbd>n</kbd> and <kbd>p</kbd> on the map to go from one to the next.</p>
        `
        : html`<img src=${image.picture} alt="" /><p><b>${
          image.label === "" ? "no class" : image.label
        }</b><br />${image.key}</p>`}
    </aside>
  `;
}

/** The map with its slider over checkpoints. */
export function MapPanel({ run, values }: PicturePanelProps): VNode {
  const count = COUNTS.find((known) => known === values["points"]) ?? "500";
  const { answer: map, error, again } = useCall<MapAnswer>("/api/map", { run, count });
  const [chosen, setChosen] = useState(-1);
  const dark = useDark();
  const others =
    useRuns().list?.runs.filter(({ run: name, kind }) =>
      name !== run && (kind === "pretraining" || kind === "demo")
    ) ?? [];
  const beside = others.find(({ run: name }) => name === values["beside"])?.run;
  const last = (map?.checkpoints.length ?? 1) - 1;
  const asked = Number(values["at"] ?? last);
  const index = Number.isInteger(asked) ? Math.min(last, Math.max(0, asked)) : last;
  const points = useMovingPoints(map, index);
  const classes = useMemo(() => {
    const labels = map?.images.map(({ label }) => label).filter((label) => label !== "") ?? [];
    const sizes = Map.groupBy(labels, (label) => label);
    return [...sizes].sort(([, a], [, b]) => b.length - a.length).map(([label]) => label);
  }, [map]);
  if (map === undefined) {
    return html`
      <${Waiting} error=${error}
        again=${again}>Features are being computed and laid out; a first map takes a while…<//>
    `;
  }
  const colours: MapColours =
    (["class", "epoch", "none"] as const).find((name) => name === values["colour"]) ?? "class";
  const checkpoint = map.checkpoints[index];
  const isPictures = values["dots"] !== "1";
  const text = checkpoint === undefined
    ? ""
    : index === 0
    ? "before training"
    : `epoch ${checkpoint.epoch}`;
  return html`
    <div class="toolbar" role="group" aria-label="How the map is shown">
      <label class="range grow"><span>Checkpoint <output>${text}</output></span>
        <input type="range" min="0" max=${last} step="1" value=${index} aria-valuetext=${text} disabled=${last ===
          0}
          onInput=${(event: Event) =>
            setValues({ at: (event.target as HTMLInputElement).value })} /></label>
      <label><span>Colour</span><select value=${colours} onChange=${(event: Event) =>
        setValues({ colour: (event.target as HTMLSelectElement).value })}>
        <option value="class">by class</option><option value="epoch">way over epochs</option><option value="none">none</option></select></label>
      <label><span>Images</span><select value=${count} onChange=${(event: Event) =>
        setValues({ points: (event.target as HTMLSelectElement).value })}>
        ${COUNTS.map((each) =>
          html`<option key=${each} value=${each}>${each}</option>`
        )}</select></label>
      <label><span>Beside</span><select value=${beside ?? ""} onChange=${(event: Event) =>
        setValues({ beside: (event.target as HTMLSelectElement).value })}>
        <option value="">no other run</option>
        ${others.map(({ run: name }) =>
          html`<option key=${name} value=${name}>${name}</option>`
        )}</select></label>
      <label
        class="check"><input type="checkbox" checked=${!isPictures} onChange=${(event: Event) =>
          setValues({
            dots: (event.target as HTMLInputElement).checked ? "1" : "",
          })} /> dots</label>
    </div>
    <p
      class="hint">Images that the network finds alike lie close together; all checkpoints share one plane. Drag moves, the wheel zooms; by keyboard arrows move, <kbd>+</kbd> <kbd>-</kbd> zoom, <kbd>0</kbd> shows all.</p>
    <div class="mapping">
      <div class="maps">
      <${MapCanvas} map=${map} points=${points} pictures=${isPictures} colours=${colours}
        classes=${classes}
        only=${values["only"]} chosen=${chosen} choose=${setChosen} dark=${dark}
        label=${`Map of ${map.images.length} images, ${text}`} />
      ${beside === undefined ? null : html`
        <${MapBeside} key=${beside} run=${beside} count=${count} position=${index}
          pictures=${isPictures}
          colours=${colours} classes=${classes} only=${values["only"]} dark=${dark}
          chosenKey=${map.images[chosen]?.key}
          choose=${(key: string | undefined) =>
            setChosen(map.images.findIndex((image) => image.key === key))} />
      `}
      </div>
      <div><${Chosen} map=${map} index=${chosen} />${colours === "class"
        ? html`<${Legend} classes=${classes} only=${values["only"]} dark=${dark} />`
        : null}</div>
    </div>
  `;
}
