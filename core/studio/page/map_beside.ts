/**
 * The map of another run beside a run's own: what two networks make of the same images.
 *
 * @module
 */
import type { VNode } from "../../deps/preact.ts";
import type { MapAnswer } from "../api/pictures.ts";
import { useCall } from "./calls.ts";
import { html } from "./html.ts";
import { MapCanvas } from "./map_canvas.ts";
import type { MapScene } from "./map_drawing.ts";
import { useMovingPoints } from "./moving_points.ts";
import { Waiting } from "./parts.ts";

/** What the other map is given. */
export interface MapBesideProps
  extends Pick<MapScene, "pictures" | "colours" | "classes" | "only" | "dark"> {
  readonly run: string;
  /** How many images are asked for. */
  readonly count: string;
  /** Place of the slider over checkpoints. */
  readonly position: number;
  /** Key of the image that is chosen on either map. */
  readonly chosenKey: string | undefined;
  readonly choose: (key: string | undefined) => void;
}

/** Another run's map, at the same place of the slider or its last checkpoint; it has a plane of its own. */
export function MapBeside(props: MapBesideProps): VNode {
  const { run, count, position, chosenKey, choose } = props;
  const { answer: map, error, again } = useCall<MapAnswer>("/api/map", { run, count });
  const index = Math.min(position, (map?.checkpoints.length ?? 1) - 1);
  const points = useMovingPoints(map, index);
  if (map === undefined) {
    return html`<${Waiting} error=${error} again=${again}>Features of ${run} are being computed…<//>`;
  }
  const { pictures, colours, classes, only, dark } = props;
  return html`
    <figure>
      <${MapCanvas} map=${map} points=${points} pictures=${pictures} colours=${colours}
        classes=${classes}
        only=${only} dark=${dark}
        chosen=${chosenKey === undefined
          ? -1
          : map.images.findIndex(({ key }) => key === chosenKey)}
        choose=${(chosen: number) => choose(map.images[chosen]?.key)}
        label=${`Map of ${map.images.length} images by ${run}`} />
      <figcaption>${run}, epoch ${map.checkpoints[index]?.epoch}</figcaption>
    </figure>
  `;
}
